/**
 * `npm run bundle` makes `dist`, which is what the package has: the agent's module and the command, each with the packages that
 * it uses. Those that package.json lists as dependencies stay outside: an agent has most of them already, by the SDK.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

const { dependencies, peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));

const shared = {
  outdir: 'dist',
  bundle: true,
  metafile: true,
  platform: 'node',
  target: 'node20.19',
  external: Object.keys({ ...dependencies, ...peerDependencies }),
  // Each package's licence is in LICENSES.txt.
  legalComments: 'none',
  logLevel: 'warning',
};

// Not `types`, which tsc writes, and only those that have changed.
const old = existsSync('dist') ? readdirSync('dist').filter((name) => name !== 'types') : [];
for (const name of old) rmSync(join('dist', name), { recursive: true });
const builds = await Promise.all([
  build({
    ...shared,
    entryPoints: {
      index: 'src/agent/index.ts',
      register: 'src/agent/register.ts',
      cli: 'src/cli/main.ts',
      'simulated-agent': 'src/simulate/agent.ts',
      'exit-flush-child': 'src/agent/telemetry/exit-flush-child.ts',
    },
    format: 'esm',
    splitting: true,
    chunkNames: '[name]-[hash]',
    // For packages that are CommonJS.
    banner: {
      js: [
        "import { createRequire as createRequireOfPackages } from 'node:module';",
        'const require = createRequireOfPackages(import.meta.url);',
        'const __filename = import.meta.filename;',
      ].join('\n'),
    },
  }),
  // What a job loads when it needs it, and at once, which ES modules cannot be.
  build({
    ...shared,
    entryPoints: {
      opentelemetry: 'src/agent/telemetry/opentelemetry-packages.ts',
      'price-file': 'src/pricing/price-file.ts',
    },
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
  }),
  // The session explorer, for browsers.
  build({
    outdir: 'dist/web',
    entryPoints: ['src/web/main.tsx', 'src/web/theme.ts', 'src/web/page.css'],
    bundle: true,
    metafile: true,
    banner: { js: '/*! Contains Preact, (c) Jason Miller, MIT License */' },
    splitting: true,
    chunkNames: '[name]',
    format: 'esm',
    minify: true,
    target: ['es2022', 'chrome123', 'firefox120', 'safari17.5'],
    loader: { '.woff2': 'file' },
    assetNames: '[name]',
    logLevel: 'warning',
  }),
]);

const manifestOf = (folder) => {
  const file = join(folder, 'package.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
};

/** The folder of a bundled file's package; packages have folders with a package.json and no version inside. */
function packageOf(file) {
  let folder = dirname(file);
  while (!manifestOf(folder).version) folder = dirname(folder);
  return folder;
}

const inputs = builds.flatMap(({ metafile }) => Object.keys(metafile.inputs));
const bundled = new Set(inputs.filter((path) => path.includes('node_modules/')).map(packageOf));
/** Names of packages, by the text of their licence. */
const licences = new Map();
for (const folder of [...bundled].toSorted()) {
  const { name, version, license } = manifestOf(folder);
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file
    ? readFileSync(join(folder, file), 'utf8').trim()
    : `${license}. The package has no text of it.`;
  licences.set(text, [...(licences.get(text) ?? []), `${name} ${version}`]);
}
writeFileSync(
  'dist/LICENSES.txt',
  [
    'Packages that are bundled in this folder, and their licences.',
    ...[...licences].map(([text, names]) => `${names.join('\n')}\n\n${text}`),
  ].join(`\n\n${'-'.repeat(80)}\n\n`),
);
