import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { addGateway } from '../../src/cli/gateway.ts';
import { addHealthcheck, readinessUrl } from '../../src/cli/healthcheck.ts';
import { read, root } from './repository.ts';

/** Tests of the Dockerfile without a Docker engine. image.stack.ts has those with an engine. */
const instructions = read('Dockerfile')
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\\\n\s*/g, '')
  .split('\n')
  .filter(Boolean)
  .map((line) => line.split(/ (.*)/s) as [name: string, rest: string]);
const all = (name: string) => instructions.filter(([those]) => those === name).map(([, rest]) => rest);

test('Node.js is pinned to a full version, on glibc', () => {
  expect(all('ARG')).toEqual([expect.stringMatching(/^NODE_IMAGE=node:\d+\.\d+\.\d+-\w+-slim$/)]);
});

test('the health check is a talkgauge command that checks the exposed ports', () => {
  const [, command = ''] = all('HEALTHCHECK')[0]?.split(' CMD ') ?? [];
  const [program, name] = JSON.parse(command) as string[];
  const cli = new Command();
  addHealthcheck(cli);
  addGateway(cli);
  expect([program, cli.commands.map((known) => known.name())]).toEqual([
    'talkgauge',
    expect.arrayContaining([name]),
  ]);
  const env = Object.fromEntries(
    [...(all('ENV')[0] ?? '').matchAll(/(\w+)=(\S+)/g)].map(([, key, value]) => [key, value]),
  );
  expect(['simulate', 'gateway'].map((server) => readinessUrl([server], env))).toEqual(
    all('EXPOSE')[0]
      ?.split(' ')
      .map((port) => `http://127.0.0.1:${port}/readyz`),
  );
});

test('exactly the copied files exist and are allowed by .dockerignore', () => {
  const ignored = read('.dockerignore').split('\n');
  const allowed = ignored.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
  const copied = all('COPY')
    .filter((rest) => !rest.startsWith('--from'))
    .flatMap((rest) => rest.split(' ').slice(0, -1));
  expect(copied.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  expect([...new Set(copied)].toSorted()).toEqual(allowed.toSorted());
  expect(ignored).toContain('*');
});
