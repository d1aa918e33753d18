import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Artefact } from './artefacts.ts';

/** Writes the artefacts under `root`; gives the paths of those that were missing or different. */
export function write(artefacts: readonly Artefact[], root: string): string[] {
  const changed = artefacts.filter(({ path, content }) => read(join(root, path)) !== content);
  for (const { path, content } of changed) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return changed.map(({ path }) => path);
}

/** What is wrong with the artefacts under `root`: for each that is missing or different, where it first differs. */
export function drift(artefacts: readonly Artefact[], root: string): string[] {
  return artefacts.flatMap(({ path, content }) => {
    const present = read(join(root, path));
    if (present === undefined) return [`${path} is missing`];
    return present === content ? [] : [`${path} is out of date\n${firstDifference(path, present, content)}`];
  });
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function firstDifference(path: string, present: string, content: string): string {
  const [there, here] = [present.split('\n'), content.split('\n')];
  const at = here.findIndex((line, index) => line !== there[index]);
  const index = at < 0 ? here.length : at;
  const shown = (mark: string, line: string | undefined) => (line === undefined ? [] : [`${mark}${line}`]);
  return [`@@ ${path}:${index + 1} @@`, ...shown('-', there[index]), ...shown('+', here[index])].join('\n');
}
