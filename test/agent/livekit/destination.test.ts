import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { destination } from '../../../src/agent/livekit/destination.ts';
import { processState } from '../../../src/agent/livekit/process-state.ts';
import { observation } from '../../../src/catalogue/observation.ts';
import { createRecorder } from '../../../src/metrics/recorder.ts';
import { sampleOf } from '../worker/exposition.ts';

const identity = (agent_name: string) => ({ agent_name, agent_version: '1' });
const handoff = observation('lk_agents_handoffs_total', {}, 1);

afterEach(() => {
  processState().recorder = undefined;
});

test('a process that is not a job has one registry for all sessions', async () => {
  const [one, other] = [destination(identity('a'), true), destination(identity('b'), true)];
  expect(one.recorder).toBeDefined();
  expect(other.recorder).toBe(one.recorder);
  one.sink(handoff);
  other.sink(handoff);
  other.sink(handoff);
  await one.flush();
  const text = await one.recorder!.expose('text');
  expect(sampleOf(text, 'lk_agents_handoffs_total', { agent_name: 'a' })).toBe(1);
  expect(sampleOf(text, 'lk_agents_handoffs_total', { agent_name: 'b' })).toBe(2);
});

test('the registry is that of monitor() in the same process', () => {
  const recorder = createRecorder();
  processState().recorder = recorder;
  expect(destination(identity('a'), true).recorder).toBe(recorder);
});

test('a worker with its own socket variable is not a job and records in its registry', () => {
  process.env.TALKGAUGE_SOCKET = '/nowhere';
  try {
    expect(destination(identity('a'), true).recorder).toBeDefined();
    expect(processState().relays.size).toBe(0);
  } finally {
    delete process.env.TALKGAUGE_SOCKET;
  }
});

test('the registry prices usage, with TALKGAUGE_PRICES if it is set', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'talkgauge-prices-'));
  const file = join(folder, 'prices.json');
  const prices = { 'acme/m': { output_per_million: 5 } };
  writeFileSync(file, JSON.stringify({ version: 1, dated: '2026-11-01', currency: 'USD', prices }));
  vi.stubEnv('TALKGAUGE_PRICES', file);
  try {
    const { sink, recorder } = destination(identity('a'), true);
    const labels = {
      model_provider: 'acme',
      model_name: 'm',
      component: 'llm',
      unit: 'output_tokens',
    } as const;
    sink(observation('lk_agents_billable_usage_total', labels, 2_000_000));
    expect(sampleOf(await recorder!.expose('text'), 'lk_agents_cost_usd_total')).toBe(10);
    processState().recorder = undefined;
    writeFileSync(file, '{}');
    expect(() => destination(identity('a'), true)).toThrow(/^TALKGAUGE_PRICES=.* cannot be used/);
  } finally {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  }
});
