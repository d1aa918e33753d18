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
  // Stands for the image's own start, which replaces the variable by what the file holds.
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

const given = () => join(directory, 'secrets/admin-password');
const drawn = () => join(directory, 'data/admin-password');

function start(...args: string[]) {
  const { status, stdout, stderr } = spawnSync('/bin/sh', [join(directory, 'start.sh'), ...args], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, GF_PATHS_DATA: join(directory, 'data') },
  });
  return { status, stdout, stderr };
}

test('the password is the one that the user wrote', () => {
  writeFileSync(given(), 'open sesame\n');
  expect(start('--flag')).toEqual({ status: 0, stdout: 'password=open sesame args=--flag\n', stderr: '' });
  expect(existsSync(drawn())).toBe(false);
});

test('without one, it is drawn once, and is nobody else’s to read', () => {
  const first = start();
  expect(first.status).toBe(0);
  const password = readFileSync(drawn(), 'utf8').trim();
  expect(password).toMatch(/^[A-Za-z0-9+/]{32}$/);
  expect(first.stdout).toContain(`password=${password} `);
  expect(statSync(drawn()).mode & 0o777).toBe(0o600);
  expect(start().stdout).toBe(`password=${password} args=\n`);
});

test('two stacks draw two passwords', () => {
  start();
  const first = readFileSync(drawn(), 'utf8');
  rmSync(drawn());
  start();
  expect(readFileSync(drawn(), 'utf8')).not.toBe(first);
});

test('an empty password file is an error that says what to do, and Grafana is not started', () => {
  writeFileSync(given(), '');
  const { status, stdout, stderr } = start();
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toBe(
    'secrets/grafana/admin-password is empty: write a password into it, or delete it to have one drawn\n',
  );
});
