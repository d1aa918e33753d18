import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';

const run = promisify(execFile);
const repository = join(import.meta.dirname, '../..');

/** A copy of the files that the command needs, so that the repository is not changed. */
let copy: string;
let file: string;
beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), 'generate-'));
  const parts = ['package.json', 'build', 'docs', 'dashboards', 'alerts', 'prometheus'];
  for (const part of parts) cpSync(join(repository, part), join(copy, part), { recursive: true });
  symlinkSync(join(repository, 'node_modules'), join(copy, 'node_modules'));
  file = join(copy, 'docs/metrics.md');
});
afterEach(() => rmSync(copy, { recursive: true }));

const generate = (...args: string[]) =>
  run(process.execPath, [join(copy, 'build/monitoring/generate.js'), ...args], { cwd: tmpdir() });

test('--check prints nothing when the files are up to date', async () => {
  expect(await generate('--check')).toEqual({ stdout: '', stderr: '' });
});

test('--check fails on an edited file, and prints its name and how to fix it', async () => {
  const page = readFileSync(file, 'utf8');
  writeFileSync(file, page.replace('# Metrics', '# Metrix'));
  await expect(generate('--check')).rejects.toMatchObject({
    code: 1,
    stdout: '',
    stderr: [
      'docs/metrics.md is out of date',
      '@@ docs/metrics.md:3 @@',
      '-# Metrix',
      '+# Metrics',
      'Run `npm run generate`, and commit what it changes.',
      '',
    ].join('\n'),
  });
  expect(await generate()).toEqual({ stdout: 'wrote docs/metrics.md\n', stderr: '' });
  expect(readFileSync(file, 'utf8')).toBe(page);
});

test('an unknown option is an error', async () => {
  await expect(generate('--chekc')).rejects.toMatchObject({ code: 1 });
});
