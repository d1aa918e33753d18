import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

const { resolve } = createRequire(import.meta.url);
const folderOf = (name: string): string => dirname(resolve(`${name}/package.json`));

const dejavu = join(folderOf('dejavu-fonts-ttf'), 'ttf');

/**
 * Sets of fonts that a machine may have. They come from packages, so that a test does not depend on the machine that it runs
 * on. Liberation Sans 2 is derived from Arimo, with the same outlines and widths; npm has no package of Liberation
 * itself. DejaVu Sans is 20 % wider. A Chromium without any font exits at startup: the set without fonts has
 * one that no stylesheet requests.
 */
const sets = {
  liberation: {
    files: ['400Regular/Arimo_400Regular.ttf', '700Bold/Arimo_700Bold.ttf'].map((file) =>
      join(folderOf('@expo-google-fonts/arimo'), file),
    ),
    families: ['Arimo'],
  },
  dejavu: {
    files: ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf', 'DejaVuSansMono.ttf'].map((file) => join(dejavu, file)),
    families: ['DejaVu Sans', 'DejaVu Sans Mono'],
  },
  serif: { files: [join(dejavu, 'DejaVuSerif.ttf')], families: ['DejaVu Serif'] },
} as const;

export type FontSet = keyof typeof sets;
export const fontSets = Object.keys(sets) as FontSet[];

/** The family names that resolve to Liberation Sans. */
const likeArial = ['Liberation Sans', 'Arial', 'Helvetica'];

/** The environment of a Chromium that finds only these fonts, and none of the machine. */
export function fontEnvironment(set: FontSet): { env: Record<string, string>; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'talkgauge-fonts-'));
  const { files, families } = sets[set];
  for (const file of files) copyFileSync(file, join(folder, basename(file)));
  const [sans, mono = sans] = families as readonly string[];
  const alias = (family: string, prefer = sans) =>
    `<alias binding="same"><family>${family}</family><prefer><family>${prefer}</family></prefer></alias>`;
  const sansNames = ['sans-serif', 'serif', 'system-ui', ...(set === 'liberation' ? likeArial : [])];
  const file = join(folder, 'fonts.conf');
  writeFileSync(
    file,
    `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
<dir>${folder}</dir><cachedir>${join(folder, 'cache')}</cachedir>
${sansNames.map((name) => alias(name)).join('')}${alias('monospace', mono)}
</fontconfig>`,
  );
  return {
    env: { ...(process.env as Record<string, string>), FONTCONFIG_FILE: file },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
