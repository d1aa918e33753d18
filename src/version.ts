import { readFileSync } from 'node:fs';

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** This package's version. */
export const version: string = manifest.version;

/** The packages of LiveKit that Talkgauge goes into, and the versions that it was tested with: `>=1.9.0 <1.10.0`. */
export const testedVersions: Readonly<Record<string, string>> = manifest.peerDependencies;

/** Versions in words. */
export const descriptionOf = (versions: Readonly<Record<string, string>>): string =>
  Object.entries(versions)
    .map(([name, range]) => `${name} ${range}`)
    .join(' and ');
