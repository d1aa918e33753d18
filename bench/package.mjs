import { execFile } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { alternate, median } from './measure.mjs';
import { atMost, megabytes, ms } from './report.mjs';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..');
const rounds = 15;
/** Half of what the module added at commit cb9de43: 144 packages and 90 MB. */
const maxPackages = 72;
const maxBytes = 45 * 2 ** 20;
const maxImportMs = 100;

/** Bytes that a folder takes on the disk, as `du` counts them. */
function sizeOf(folder) {
  return readdirSync(folder, { recursive: true })
    .map((name) => lstatSync(join(folder, name)))
    .reduce((sum, { blocks }) => sum + 512 * blocks, 0);
}

/** Installs packages into an agent's project, and returns how many packages and bytes that is. */
async function install(folder, packages) {
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'agent', private: true, type: 'module' }),
  );
  await run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...packages], { cwd: folder });
  const lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'));
  return { packages: Object.keys(lock.packages).length - 1, bytes: sizeOf(join(folder, 'node_modules')) };
}

/** Milliseconds that a new process of an agent takes to import modules. */
const importing =
  (folder, ...modules) =>
  async () => {
    const source = `const began = performance.now();
${modules.map((name) => `await import('${name}');`).join('\n')}
process.stdout.write(String(performance.now() - began), () => process.exit());`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', source], {
      cwd: folder,
    });
    return Number(stdout);
  };

/** What an agent installs and loads with the module and without it. It needs npm's registry. */
export async function packageCost() {
  const directory = mkdtempSync(join(tmpdir(), 'package-'));
  try {
    const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const sdk = ['@livekit/agents', '@livekit/rtc-node'].map((name) => `${name}@${devDependencies[name]}`);
    const { stdout } = await run(
      'npm',
      ['pack', '--json', '--ignore-scripts', '--pack-destination', directory],
      {
        cwd: root,
      },
    );
    const [{ filename }] = JSON.parse(stdout);
    const [withoutModule, withModule] = ['without', 'with'].map((name) => join(directory, name));
    const before = await install(withoutModule, sdk);
    const after = await install(withModule, [...sdk, join(directory, filename)]);
    const times = await alternate(rounds, {
      without: importing(withoutModule, '@livekit/agents'),
      with: importing(withModule, '@livekit/agents', 'talkgauge'),
    });
    const [sdkAlone, both] = [median(times.without), median(times.with)];
    return {
      columns: ['an agent', 'packages', 'installed', 'import, median'],
      rows: [
        ['with the SDK alone', String(before.packages), megabytes(before.bytes), ms(sdkAlone)],
        ['with the SDK and Talkgauge', String(after.packages), megabytes(after.bytes), ms(both)],
      ],
      notes: [`import: ${rounds} processes each, one after the other in turn`],
      goals: [
        atMost('packages that the module adds', after.packages - before.packages, maxPackages, String),
        atMost('megabytes that the module adds', after.bytes - before.bytes, maxBytes, megabytes),
        atMost('time that its import adds', both - sdkAlone, maxImportMs, ms),
      ],
      checks: [],
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
