import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** This package's folder; `src`, `build` and `dist` lie in it, and so does this file in each of them. */
const root = new URL('../', import.meta.url);

/** The path of a file or folder of this package, such as `docs/runbooks`. */
export const packagePath = (path: string): string => fileURLToPath(new URL(path, root));

const manifest = JSON.parse(readFileSync(packagePath('package.json'), 'utf8'));

/** This package's version. */
export const version: string = manifest.version;

/** The packages of LiveKit that Talkgauge goes into, and the versions that it was tested with: `>=1.9.0 <1.10.0`. */
export const testedVersions: Readonly<Record<string, string>> = manifest.peerDependencies;

/** Versions in words. */
export const descriptionOf = (versions: Readonly<Record<string, string>>): string =>
  Object.entries(versions)
    .map(([name, range]) => `${name} ${range}`)
    .join(' and ');
