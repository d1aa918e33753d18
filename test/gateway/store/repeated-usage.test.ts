import { expect, test } from 'vitest';
import { emptyBatch, type SessionBatch, type SpanRecord } from '../../../src/gateway/decode/records.ts';
import type { UsageEntry } from '../../../src/gateway/decode/session-report.ts';
import { startTestGateway } from '../running.ts';

let spans = 0;
const request = (
  kind: 'llm' | 'tts',
  label: string,
  metadata: Record<string, string>,
  extra: object = {},
): SpanRecord => ({
  traceId: 't',
  spanId: `s${++spans}`,
  name: `${kind}_request`,
  start: 1000,
  end: 1001,
  attributes: {
    [`lk.${kind}_metrics`]: JSON.stringify({ type: `${kind}_metrics`, label, metadata, ...extra }),
  },
  events: [],
  status: 'unset',
});

const usage: UsageEntry[] = [
  { component: 'llm', provider: 'openai', model: 'gpt-4o-mini', amounts: { output_tokens: 1_000_000 } },
  { component: 'llm', provider: 'unknown', model: 'FallbackAdapter', amounts: { output_tokens: 1_000_000 } },
  { component: 'tts', provider: 'unknown', model: 'unknown', amounts: { characters_count: 511 } },
];
const batch = (more: Partial<SessionBatch>): SessionBatch => ({
  ...emptyBatch({ jobId: 'AJ_1', language: 'nodejs', redacted: false, simulated: false }),
  ...more,
});
const report = { startedAt: 1000, reportedAt: 1060, options: {}, usage, tags: [] };
const openai = request('llm', 'openai.LLM', { modelProvider: 'openai', modelName: 'gpt-4o-mini' });
const llmAdapter = request('llm', 'FallbackAdapter', {
  modelProvider: 'unknown',
  modelName: 'FallbackAdapter',
});
const ttsAdapter = request('tts', 'tts.FallbackAdapter', { modelProvider: 'unknown', modelName: 'unknown' });

test('usage repeated by a fallback adapter is flagged and costs nothing', async () => {
  const gateway = await startTestGateway();
  await gateway.store.apply(batch({ spans: [openai, llmAdapter, ttsAdapter] }), 'a');
  await gateway.store.apply(batch({ report }), 'b');
  const detail = await gateway.json('/api/sessions/AJ_1');
  expect(detail).toMatchObject({ cost: 0.6, costByComponent: { llm: 0.6 }, unpriced: [] });
  expect(detail.costIncomplete).toBeUndefined();
  const response = await gateway.json('/api/sessions/AJ_1/report');
  expect(response.report.usage).toEqual([
    usage[0],
    { ...usage[1], repeated: true },
    { ...usage[2], repeated: true },
  ]);
});

test('usage repeated by an adapter is also found if its spans arrive after the report', async () => {
  const gateway = await startTestGateway();
  await gateway.store.apply(batch({ report }), 'a');
  expect((await gateway.json('/api/sessions/AJ_1')).unpriced).toHaveLength(2);
  await gateway.store.apply(batch({ spans: [openai, llmAdapter, ttsAdapter] }), 'b');
  expect(await gateway.json('/api/sessions/AJ_1')).toMatchObject({ cost: 0.6, unpriced: [] });
});

test('usage without a model name counts if it was not reported by an adapter', async () => {
  const gateway = await startTestGateway();
  const own = request('tts', 'my.TTS', { modelProvider: 'unknown', modelName: 'unknown' });
  await gateway.store.apply(batch({ spans: [llmAdapter, ttsAdapter, own], report }), 'a');
  expect(await gateway.json('/api/sessions/AJ_1')).toMatchObject({
    costIncomplete: true,
    unpriced: [{ component: 'tts', provider: 'unknown', model: 'unknown', unit: 'characters', amount: 511 }],
  });
});

test('usage repeated by a fallback adapter of the Python SDK is flagged, too', async () => {
  const gateway = await startTestGateway();
  const python = request('llm', 'livekit.agents.llm.fallback_adapter.FallbackAdapter', {
    model_provider: 'livekit',
    model_name: 'FallbackAdapter',
  });
  const entry: UsageEntry = {
    component: 'llm',
    provider: 'livekit',
    model: 'FallbackAdapter',
    amounts: { output_tokens: 5 },
  };
  await gateway.store.apply(batch({ spans: [python], report: { ...report, usage: [entry] } }), 'a');
  expect((await gateway.json('/api/sessions/AJ_1/report')).report.usage).toEqual([
    { ...entry, repeated: true },
  ]);
});
