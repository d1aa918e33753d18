import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { read, root } from './repository.ts';

/** Instructions, with their continued lines and without comments. */
const instructions = read('Dockerfile')
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\\\n\s*/g, '')
  .split('\n')
  .filter(Boolean)
  .map((line) => line.split(/ (.*)/s) as [name: string, rest: string]);
const all = (name: string) => instructions.filter(([those]) => those === name).map(([, rest]) => rest);
const allowed = read('.dockerignore')
  .split('\n')
  .filter((line) => line.startsWith('!'))
  .map((line) => line.slice(1));

test('every stage begins with the pinned Node.js, on glibc', () => {
  expect(all('ARG')).toEqual(['NODE_IMAGE=node:20.20.2-bookworm-slim']);
  const stages = all('FROM').flatMap((from) => from.match(/ AS (\w+)/)?.[1] ?? []);
  const bases = all('FROM').map((from) => from.split(' ')[0] ?? '');
  expect(bases.filter((base) => !stages.includes(base) && base !== '${'.concat('NODE_IMAGE}'))).toEqual([]);
});

test('it runs the command as nobody special, and the simulation by default', () => {
  expect(all('USER')).toEqual(['1000:1000']);
  expect(all('ENTRYPOINT')).toEqual(['["earshot"]']);
  expect(all('CMD')).toEqual(['["simulate"]']);
  expect(all('HEALTHCHECK')[0]).toContain('/readyz');
});

test('folders that volumes are mounted on belong to who runs it', () => {
  expect(all('RUN').at(-1)).toContain('install -d -o 1000 -g 1000 -m 700 /data /keys');
});

test('development packages stay behind, and the SDK comes along', () => {
  expect(all('RUN')).toContain(
    'npm pkg delete devDependencies && npm ci --omit=dev --ignore-scripts --no-audit --no-fund',
  );
  const { peerDependencies } = JSON.parse(read('package.json'));
  expect(Object.keys(peerDependencies)).toEqual(['@livekit/agents', '@livekit/rtc-node']);
});

test('what is copied is there and let in, and nothing else is', () => {
  const copied = all('COPY')
    .filter((rest) => !rest.startsWith('--from'))
    .flatMap((rest) => rest.split(' ').slice(0, -1));
  expect(copied.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  expect([...new Set(copied)].toSorted()).toEqual(allowed.toSorted());
  expect(read('.dockerignore').split('\n')).toContain('*');
});
