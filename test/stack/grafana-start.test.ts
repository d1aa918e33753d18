import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { read } from './repository.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'grafana-start-'));
  mkdirSync(join(directory, 'secrets'));
  mkdirSync(join(directory, 'data'));
  // A mock of the image's entrypoint, which replaces the variable by the content of the file.
  writeFileSync(
    join(directory, 'run.sh'),
    '#!/bin/sh\necho "password=$(cat "$GF_SECURITY_ADMIN_PASSWORD__FILE") args=$*"\n',
  );
  chmodSync(join(directory, 'run.sh'), 0o755);
  writeFileSync(
    join(directory, 'start.sh'),
    read('grafana/start.sh')
      .replace('/run/secrets', join(directory, 'secrets'))
      .replace('exec /run.sh', `exec ${directory}/run.sh`),
  );
});
afterEach(() => rmSync(directory, { recursive: true }));

const userPasswordFile = () => join(directory, 'secrets/admin-password');
const generatedPasswordFile = () => join(directory, 'data/admin-password');

function start(...args: string[]) {
  const { status, stdout, stderr } = spawnSync('/bin/sh', [join(directory, 'start.sh'), ...args], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, GF_PATHS_DATA: join(directory, 'data') },
  });
  return { status, stdout, stderr };
}

test("the password is the user's password if it is set", () => {
  writeFileSync(userPasswordFile(), 'open sesame\n');
  expect(start('--flag')).toEqual({ status: 0, stdout: 'password=open sesame args=--flag\n', stderr: '' });
  expect(existsSync(generatedPasswordFile())).toBe(false);
});

test('otherwise it is generated once, in a file that only its owner can read', () => {
  const first = start();
  expect(first.status).toBe(0);
  const password = readFileSync(generatedPasswordFile(), 'utf8').trim();
  expect(password).toMatch(/^[A-Za-z0-9+/]{32}$/);
  expect(first.stdout).toContain(`password=${password} `);
  expect(statSync(generatedPasswordFile()).mode & 0o777).toBe(0o600);
  expect(start().stdout).toBe(`password=${password} args=\n`);
});

test('two stacks generate different passwords', () => {
  start();
  const first = readFileSync(generatedPasswordFile(), 'utf8');
  rmSync(generatedPasswordFile());
  start();
  expect(readFileSync(generatedPasswordFile(), 'utf8')).not.toBe(first);
});

test('an empty password file is an error with instructions, and Grafana does not start', () => {
  writeFileSync(userPasswordFile(), '');
  const { status, stdout, stderr } = start();
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toBe(
    'secrets/grafana/admin-password is empty: write a password into it, or delete it to have one drawn\n',
  );
});
