import { execFile, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);
const repository = join(import.meta.dirname, '..');
const manifest = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));

/** A project with the published package and only its declared dependencies installed. */
let project: string;
const command = () => join(project, 'node_modules/talkgauge/dist/cli.js');
beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'package-'));
  const installed = join(project, 'node_modules');
  const { stdout } = await run('npm', ['pack', '--json', '--dry-run', '--ignore-scripts'], {
    cwd: repository,
  });
  for (const { path } of JSON.parse(stdout)[0].files) {
    cpSync(join(repository, path), join(installed, 'talkgauge', path));
  }
  for (const name of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) {
    mkdirSync(dirname(join(installed, name)), { recursive: true });
    symlinkSync(join(repository, 'node_modules', name), join(installed, name));
  }
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'agent', type: 'module' }));
});
afterAll(() => rmSync(project, { recursive: true }));

test('an agent can import the module and its types', async () => {
  const { stdout } = await run(process.execPath, [
    '--input-type=module',
    '--eval',
    `process.chdir(${JSON.stringify(project)});
const { createRequire } = await import('node:module');
const module = await import(createRequire(${JSON.stringify(join(project, 'agent.js'))}).resolve('talkgauge'));
console.log(Object.keys(module).join());`,
  ]);
  expect(stdout.trim()).toBe('OptionError,RecordingError,monitor,observe,recordRoom');

  writeFileSync(
    join(project, 'agent.ts'),
    `import { type MonitorOptions, type Monitoring, monitor, type ObserveOptions, observe, recordRoom } from 'talkgauge';
const options: MonitorOptions = { port: 9464 };
export const monitoring: Promise<Monitoring> = monitor(options);
export type Options = ObserveOptions;
export const all = [observe, recordRoom];
// @ts-expect-error A port is a number: the types exist and are not any.
export const wrong: MonitorOptions = { port: 'http' };
`,
  );
  const options = {
    module: 'nodenext',
    target: 'es2023',
    lib: ['es2023'],
    types: ['node'],
    typeRoots: [join(repository, 'node_modules/@types')],
    strict: true,
    noEmit: true,
    skipLibCheck: false,
  };
  writeFileSync(
    join(project, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: options, files: ['agent.ts'] }),
  );
  const tsc = join(repository, 'node_modules/typescript/bin/tsc');
  const found = await run(process.execPath, [tsc, '--pretty', 'false'], { cwd: project }).then(
    () => '',
    (error) => error.stdout as string,
  );
  // Declarations of other packages may have type errors.
  expect(found.split('\n').filter((line) => /^(?:agent\.ts|.*talkgauge\/)/.test(line))).toEqual([]);
}, 60_000);

test('the command runs', async () => {
  const outputOf = async (...args: string[]) =>
    (await run(process.execPath, [command(), ...args], { cwd: project })).stdout;
  expect(await outputOf('--version')).toBe(`${manifest.version}\n`);
  const recording = join(repository, 'test/fixtures/sdk-events.jsonl');
  expect(await outputOf('replay', recording)).toContain('lk_agents_llm_requests_total');
  const prices = '{ fakeco/fake-llm-1: { input_per_million: 2 } }';
  writeFileSync(
    join(project, 'prices.yml'),
    `version: 1\ndated: 2026-11-01\ncurrency: USD\nprices: ${prices}\n`,
  );
  expect(await outputOf('prices', '--prices', 'prices.yml', 'fakeco/fake-llm-1')).toContain(
    'input_per_million 2',
  );
  expect(await outputOf('replay', '--prices', 'prices.yml', recording)).toContain(
    'lk_agents_cost_usd_total{',
  );
  expect(await outputOf('generate', '--out', join(project, 'generated'))).toContain('alerts/');
}, 60_000);

test('the gateway runs and serves its web page', async () => {
  const gateway = spawn(
    process.execPath,
    [command(), 'gateway', '--port', '0', '--data', join(project, 'data')],
    {
      cwd: project,
      env: { ...process.env, LIVEKIT_API_KEY: 'devkey', LIVEKIT_API_SECRET: 'dev'.repeat(12) },
    },
  );
  try {
    let url: string | undefined;
    for await (const line of createInterface(gateway.stdout)) {
      url = line.match(/http:\/\/127\.0\.0\.1:\d+/)?.[0];
      if (url) break;
    }
    const page = await (await fetch(`${url}/`)).text();
    const script = page.match(/\/page\/[^"]+\/main\.js/)?.[0];
    expect((await fetch(`${url}${script}`)).status).toBe(200);
  } finally {
    gateway.kill();
  }
}, 60_000);

test('licences of bundled packages are included', () => {
  const licences = readFileSync(join(project, 'node_modules/talkgauge/dist/LICENSES.txt'), 'utf8');
  for (const name of ['@opentelemetry/sdk-node', 'express', 'zod', 'preact', '@fontsource/jetbrains-mono']) {
    expect(licences).toMatch(new RegExp(`^${name} \\d`, 'm'));
  }
  expect(licences).toContain('SIL OPEN FONT LICENSE Version 1.1');
  expect(licences).toContain('Apache License');
});
