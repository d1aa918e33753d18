import { expect, test } from 'vitest';
import type { ChatItem } from '../../../src/gateway/decode/chat-item.ts';
import { emptyBatch, type SpanRecord } from '../../../src/gateway/decode/records.ts';
import type { Timeline } from '../../../src/gateway/timeline/timeline.ts';
import { startTestGateway } from '../running.ts';

const span = (spanId: string, name: string, start: number, attributes = {}): SpanRecord => ({
  ...{ traceId: 't', spanId, name, attributes, events: [], status: 'unset' as const },
  ...{ start: 1000 + start, end: 1001 + start },
});
const said = (id: string, at: number): ChatItem => ({
  ...{ id, type: 'message' as const, role: 'user', at: 1000 + at },
  metrics: { startedSpeakingAt: 999 + at, stoppedSpeakingAt: 1000 + at },
});
const typed = (id: string, at: number): ChatItem => ({ id, type: 'message', role: 'user', at: 1000 + at });
const reply = (id: string, at: number, e2eLatency?: number): ChatItem => ({
  ...{ id, type: 'message' as const, role: 'assistant', at: 1000 + at },
  metrics: { startedSpeakingAt: 1000 + at, e2eLatency },
});

async function reasonsOf(items: ChatItem[], spans: SpanRecord[] = [], ended = true) {
  const gateway = await startTestGateway();
  const identity = { jobId: 'AJ_1', language: 'nodejs', redacted: false, simulated: false };
  await gateway.store.apply({ ...emptyBatch(identity), items, spans, recorded: ended }, 'a');
  const { turns }: Timeline = await gateway.json('/api/sessions/AJ_1/timeline');
  return turns.map(({ turn, unmeasured }) => [turn, unmeasured]);
}

test('a turn without a latency has a reason: typed, not answered, or not reported', async () => {
  const items = [
    reply('greeting', 1),
    ...[said('u1', 5), reply('a1', 6, 1)],
    ...[typed('u2', 10), reply('a2', 11)],
    said('u3', 15),
    ...[said('u4', 20), reply('a4', 21)],
  ];
  expect(await reasonsOf(items)).toEqual([
    [0, undefined],
    [1, undefined],
    [2, 'typed'],
    [3, 'unanswered'],
    [4, 'not_reported'],
  ]);
});

test('a user who only types is not reported as having spoken', async () => {
  expect(await reasonsOf([typed('u1', 5), reply('a1', 6)])).toEqual([[1, 'not_reported']]);
});

test('a realtime model has no measured latency', async () => {
  const metrics = { 'lk.realtime_model_metrics': '{"type":"realtime_model_metrics"}' };
  const items = [typed('u1', 5), reply('a1', 6), typed('u2', 10)];
  expect(await reasonsOf(items, [span('r', 'realtime_inference', 5, metrics)])).toEqual([
    [1, 'realtime'],
    [2, 'unanswered'],
  ]);
});

test('a turn that may still be answered is not reported as unanswered', async () => {
  expect(await reasonsOf([said('u1', 5), said('u2', 10)], [], false)).toEqual([
    [1, 'unanswered'],
    [2, undefined],
  ]);
});
