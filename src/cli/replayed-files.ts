import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** What a path leads to: files, in order; or why there is none. */
export interface Found {
  path: string;
  files: string[];
  problem?: string;
}

const hint = 'Give the path of a recording or a report, of a folder of them, or - for standard input.';

/**
 * The files to replay: a path is a file, `-`, or a folder, of which recordings and reports (`.jsonl`, `.json`) are
 * taken by name; folders in it are not. A file that is named twice is taken once.
 */
export async function replayedFiles(paths: readonly string[]): Promise<Found[]> {
  const taken = new Set<string>();
  const first = (file: string) => {
    const name = file === '-' ? file : resolve(file);
    return !taken.has(name) && taken.add(name);
  };
  const found: Found[] = [];
  for (const path of paths) {
    const { files, problem } = await filesOf(path);
    found.push({ path, files: files.filter(first), problem });
  }
  return found;
}

async function filesOf(path: string): Promise<Omit<Found, 'path'>> {
  try {
    if (path === '-' || !(await stat(path)).isDirectory()) return { files: [path] };
    const names = (await readdir(path, { withFileTypes: true }))
      .filter((entry) => (entry.isFile() || entry.isSymbolicLink()) && /\.jsonl?$/.test(entry.name))
      .map(({ name }) => name);
    if (names.length === 0) return { files: [], problem: `no .jsonl or .json file is in it. ${hint}` };
    return { files: names.toSorted().map((name) => join(path, name)) };
  } catch (error) {
    return { files: [], problem: `${(error as Error).message}. ${hint}` };
  }
}
