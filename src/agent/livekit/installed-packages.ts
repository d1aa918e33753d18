import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { descriptionOf, testedVersions } from '../../package.ts';
import { checkPrivateApis } from '../../private-apis/readers.ts';
import { folderOfSdk, loadedSdk } from './sdk.ts';

/** Whether a version is in a range `>=A <B`. A pre-release such as 1.10.0-rc.1 counts as its release. */
export function isTested(version: string, range: string): boolean {
  const [from = [], below = []] = [...range.matchAll(/[\d.]+/g)].map(([text]) => numbersOf(text));
  const numbers = numbersOf(version);
  return compare(numbers, from) >= 0 && compare(numbers, below) < 0;
}

const numbersOf = (version: string): number[] =>
  version
    .split('-', 1)[0]!
    .split('.')
    .map((part) => Number.parseInt(part, 10));

function compare(a: readonly number[], b: readonly number[]): number {
  const index = a.findIndex((part, at) => part !== b[at]);
  return index < 0 ? 0 : (a[index] ?? 0) - (b[index] ?? 0);
}

/** The version of a package as resolved from a module; undefined: not installed. */
function installed(name: string, from: string): string | undefined {
  try {
    for (let folder = dirname(createRequire(from).resolve(name)); ; folder = dirname(folder)) {
      const manifest = join(folder, 'package.json');
      const { name: found, version } = existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')) : {};
      if (found === name && typeof version === 'string') return version;
      if (folder === dirname(folder)) return undefined;
    }
  } catch {
    return undefined;
  }
}

const key = Symbol.for('talkgauge.packagesChecked');

/**
 * Warns, once in a process, if LiveKit's packages are of versions that Talkgauge was not tested with, or if private APIs are
 * not there that can be seen before the first call, and does nothing else. Never rejects.
 *
 * @param log receives the warning about versions
 * @param registry the one that is served
 */
export async function checkPackages(log: (message: string) => void, registry?: object): Promise<void> {
  const holder = globalThis as { [key]?: true };
  if (holder[key]) return;
  holder[key] = true;
  try {
    const sdk = await loadedSdk();
    checkPrivateApis({ sdk, folder: folderOfSdk(), registry });
    // As resolved from the main program, or if there is none, from Talkgauge.
    const find = (name: string) =>
      installed(name, process.argv[1] ?? import.meta.filename) ?? installed(name, import.meta.filename);
    const versions = Object.fromEntries(
      Object.keys(testedVersions).map((name) => [
        name,
        (name === '@livekit/agents' ? sdk?.version : undefined) ?? find(name),
      ]),
    );
    const warning = warningOf(versions);
    if (warning) log(warning);
  } catch {
    // Unknown versions are not warned about.
  }
}

/** The warning about installed versions; undefined: all of them were tested, or are unknown. */
export function warningOf(versions: Readonly<Record<string, string | undefined>>): string | undefined {
  const untested = Object.entries(versions).filter(
    ([name, version]) => version && !isTested(version, testedVersions[name] ?? ''),
  );
  if (untested.length === 0) return undefined;
  const names = descriptionOf(Object.fromEntries(untested.map(([name, version]) => [name, version ?? ''])));
  return (
    `${names} was not tested with this version of Talkgauge, which was tested with ${descriptionOf(testedVersions)}. ` +
    'If figures are missing, see docs/private-apis.md, and look for a newer Talkgauge'
  );
}
