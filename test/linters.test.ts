import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

let programs: string;
beforeEach(() => {
  programs = mkdtempSync(join(tmpdir(), 'linters-'));
});
afterEach(() => rmSync(programs, { recursive: true }));

/** Installs a linter that prints its arguments and ends with a code. */
function install(name: string, code: number) {
  const file = join(programs, name);
  writeFileSync(file, `#!/bin/sh\necho "$@"\nexit ${code}\n`);
  chmodSync(file, 0o755);
}
const check = () =>
  spawnSync(process.execPath, [join(import.meta.dirname, 'linters.mjs')], {
    encoding: 'utf8',
    env: { ...process.env, PATH: programs },
  });

test('linters that are not installed are skipped and named', () => {
  install('pint', 0);
  const { status, stdout, stderr } = check();
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^ok +pint\nskipped dashboard-linter: it is not installed \(https:.*\)\n$/);
});

test('a linter that finds a problem fails the check, with what it says of which file', () => {
  install('pint', 1);
  install('dashboard-linter', 0);
  const { status, stdout, stderr } = check();
  expect([status, stdout]).toEqual([1, 'ok      dashboard-linter\n']);
  expect(stderr).toContain('FAILED  pint prometheus/rules/talkgauge.yml');
  expect(stderr).toContain('alerts/talkgauge.yml prometheus/rules/talkgauge.yml');
});
