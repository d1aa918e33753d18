import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Hook } from 'require-in-the-middle';
import { kindOfProcess } from '../../private-apis/readers.ts';

/** A loaded build of `@livekit/agents`. The package has two, ESM and CommonJS, with separate classes. */
export type Sdk = typeof import('@livekit/agents');

const packageName = '@livekit/agents';

const kindOfThis = () => (process.send === undefined ? undefined : kindOfProcess(process.argv[1] ?? ''));

/** Whether this is a job process: the SDK forks one for each job, with its own main module. */
export const isJobProcess = (): boolean => kindOfThis() === 'job';

/** Whether the SDK forked this process, for a job or for inference. */
export const isSdkChild = (): boolean => kindOfThis() !== undefined;

/**
 * The build of the SDK that the program has loaded; if it has loaded none yet, its ESM build is imported. undefined: not
 * installed.
 */
export async function loadedSdk(): Promise<Sdk | undefined> {
  const require = createRequire(import.meta.url);
  const cached = Object.keys(require.cache).find((path) =>
    /@livekit[\\/]agents[\\/]dist[\\/]index\.cjs$/.test(path),
  );
  if (cached) return require.cache[cached]?.exports as Sdk;
  return importSdk();
}

/** Calls `found` with the build of the SDK that the program will use, before any code of the program runs. */
export async function onSdk(found: (sdk: Sdk) => void): Promise<void> {
  new Hook([packageName], (exports) => {
    found(exports as Sdk);
    return exports;
  });
  if (mainIsModule(process.argv[1])) {
    const sdk = await importSdk();
    if (sdk) found(sdk);
  }
}

/** The paths from which the SDK is resolved: the program's, or Talkgauge's own. */
const resolutionPaths = () =>
  [process.argv[1], join(process.cwd(), 'index.js'), import.meta.filename].filter(
    (path) => path !== undefined,
  );

/** The folder of the SDK's build; undefined: it is not found. */
export function folderOfSdk(): string | undefined {
  for (const from of resolutionPaths()) {
    try {
      return dirname(createRequire(from).resolve(packageName));
    } catch {
      // Not from there.
    }
  }
  return undefined;
}

/** The ESM build, as resolved from the program's main module: there may be several copies. */
async function importSdk(): Promise<Sdk | undefined> {
  const main = process.argv[1];
  // A job's main module is a file of the SDK.
  const own = main && isJobProcess() ? join(dirname(main), '../..', 'index.js') : '';
  if (existsSync(own)) return import(pathToFileURL(own).href);
  for (const from of resolutionPaths()) {
    const esm = esmBuild(from);
    if (esm) return import(pathToFileURL(esm).href);
  }
  return undefined;
}

function esmBuild(from: string): string | undefined {
  try {
    const commonJs = createRequire(from).resolve(packageName);
    const esm = join(dirname(commonJs), 'index.js');
    return existsSync(esm) ? esm : undefined;
  } catch {
    return undefined;
  }
}

/** Whether Node treats a program's main file as an ES module. */
function mainIsModule(main: string | undefined): boolean {
  if (!main) return false;
  const extension = extname(main);
  if (/^\.m[jt]s$/.test(extension)) return true;
  if (/^\.c[jt]s$/.test(extension)) return false;
  for (let folder = dirname(main); ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest)) return JSON.parse(readFileSync(manifest, 'utf8')).type === 'module';
    if (folder === dirname(folder)) return false;
  }
}
