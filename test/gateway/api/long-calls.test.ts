import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ResponseCache } from '../../../src/gateway/api/sessions.ts';
import { emptyBatch, type SpanRecord } from '../../../src/gateway/decode/records.ts';
import { startTestGateway } from '../running.ts';

const step = (spanId: string, response: string): SpanRecord => ({
  ...{ traceId: 't', spanId, name: 'agent_turn', start: 10, end: 11, events: [], status: 'unset' },
  attributes: { 'lk.pii.chat_ctx': 'prompt '.repeat(50_000), 'lk.pii.response.text': response },
});
const batch = (...spans: SpanRecord[]) => ({
  ...emptyBatch({ jobId: 'AJ_1', redacted: false, simulated: false }),
  spans,
});

test('a trace contains its complete spans; a span that was uploaded twice is as in the last upload', async () => {
  const gateway = await startTestGateway();
  await gateway.store.apply(batch(step('1', 'one'), step('2', 'two')), 'a');
  await gateway.store.apply(batch(step('1', 'one, corrected')), 'b');
  const { spans } = await gateway.json('/api/sessions/AJ_1/trace');
  expect(spans).toEqual([
    { ...step('2', 'two'), facts: { of: 'agent_turn', response: 'two' } },
    { ...step('1', 'one, corrected'), facts: { of: 'agent_turn', response: 'one, corrected' } },
  ]);
});

test('a timeline is computed without reading the prompts; a long call has hundreds of megabytes of them', async () => {
  const gateway = await startTestGateway();
  await gateway.store.apply(batch(step('1', 'one'), step('2', 'two')), 'a');
  const spans = join(gateway.directory, 'sessions/AJ_1/spans.jsonl');
  const { size } = statSync(spans);
  expect(size).toBeGreaterThan(700_000);
  // A reader of this file would find no spans.
  writeFileSync(spans, ' '.repeat(size));
  const { turns } = await gateway.json('/api/sessions/AJ_1/timeline');
  expect(turns).toHaveLength(1);
});

test('a client that disconnects during a trace does not block others', async () => {
  const gateway = await startTestGateway();
  const spans = Array.from({ length: 40 }, (_, n) => step(`${n}`, 'text'));
  await gateway.store.apply(batch(...spans), 'a');
  const leaving = new AbortController();
  const { body } = await fetch(`${gateway.url}/api/sessions/AJ_1/trace`, { signal: leaving.signal });
  await body?.getReader().read();
  leaving.abort();
  expect((await gateway.json('/api/sessions/AJ_1/trace')).spans).toHaveLength(40);
});

test('a response about a running call includes the latest upload', async () => {
  const gateway = await startTestGateway();
  for (const [n, text] of ['one', 'two', 'three'].entries()) {
    await gateway.store.apply(batch(step(`${n}`, text)), text);
    const { items } = await gateway.json('/api/sessions/AJ_1/transcript');
    expect(items.at(-1).text).toBe(text);
    expect((await gateway.json('/api/sessions/AJ_1/timeline')).turns).toHaveLength(1);
  }
});

/** A response cache, and a list of the responses that were computed. */
function countingCache() {
  const answers = new ResponseCache();
  const computed: string[] = [];
  const ask = (name: string, version: string, value: unknown = version) =>
    answers.of(name, version, async () => {
      computed.push(`${name} ${version}`);
      if (value instanceof Error) throw value;
      return value;
    });
  return { answers, computed, ask };
}

test('a response is computed once for concurrent requests, and again for another version', async () => {
  const { computed, ask } = countingCache();
  expect(await Promise.all([ask('a', '1'), ask('a', '1'), ask('b', '1')])).toEqual(['"1"', '"1"', '"1"']);
  expect(await ask('a', '2')).toBe('"2"');
  expect(await ask('a', '2')).toBe('"2"');
  expect(computed).toEqual(['a 1', 'b 1', 'a 2']);
});

test('a response that failed, was invalidated, is long or is least recently used is computed again', async () => {
  const { answers, computed, ask } = countingCache();
  await expect(ask('failed', '1', new Error('no file'))).rejects.toThrow('no file');
  await ask('failed', '1');
  await ask('invalidated', '1');
  answers.forget('invalidated');
  await ask('invalidated', '1');
  for (const _ of [1, 2]) await ask('long', '1', 'x'.repeat(5_000_001));
  await ask('old', '1');
  for (const n of [1, 2, 3, 4, 5, 6, 7, 8]) await ask(`${n}`, '1');
  await ask('old', '1');
  const times = (name: string) => computed.filter((each) => each === `${name} 1`).length;
  expect(['failed', 'invalidated', 'long', 'old', '8'].map(times)).toEqual([2, 2, 2, 2, 1]);
});
