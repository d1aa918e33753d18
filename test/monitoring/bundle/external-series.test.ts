import { readFileSync } from 'node:fs';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { livekitServer, nodeProcess } from './external-series.ts';

/** The labels of the first line of a series; undefined if the series is missing. */
function labelsIn(exposition: string, name: string): string[] | undefined {
  const line = exposition.split('\n').find((text) => new RegExp(`^${name}[{ ]`).test(text));
  if (line === undefined) return undefined;
  const labels = /\{(.*)\}/.exec(line)?.[1] ?? '';
  return [...labels.matchAll(/(\w+)="/g)].map(([, label = '']) => label);
}

const own = (labels: readonly string[]) => labels.filter((label) => !['job', 'instance'].includes(label));

describe('livekit-server v1.13.5 exposes the series that boards and rules read', () => {
  const exposition = readFileSync('test/fixtures/livekit-server.prom', 'utf8');

  test.each(Object.entries(livekitServer))('%s', (name, labels) => {
    expect(labelsIn(exposition, name)?.sort()).toEqual(own(labels).sort());
  });
});

describe('prom-client exposes the series that boards and rules read', async () => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const exposition = await registry.metrics();

  test.each(Object.entries(nodeProcess))('%s', (name, labels) => {
    expect(labelsIn(exposition, name)).toEqual(own(labels));
  });
});
