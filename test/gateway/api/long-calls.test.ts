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

test('a trace has its spans in full, and one that came twice as it came last', async () => {
  const gateway = await startTestGateway();
  await gateway.store.apply(batch(step('1', 'one'), step('2', 'two')), 'a');
  await gateway.store.apply(batch(step('1', 'one, corrected')), 'b');
  const { spans } = await gateway.json('/api/sessions/AJ_1/trace');
  expect(spans).toEqual([
    { ...step('2', 'two'), facts: { of: 'agent_turn', response: 'two' } },
    { ...step('1', 'one, corrected'), facts: { of: 'agent_turn', response: 'one, corrected' } },
  ]);
});

test('a timeline is made without reading the prompts, of which a long call has hundreds of megabytes', async () => {
  const gateway = await startTestGateway();
  await gateway.store.apply(batch(step('1', 'one'), step('2', 'two')), 'a');
  const spans = join(gateway.directory, 'sessions/AJ_1/spans.jsonl');
  const { size } = statSync(spans);
  expect(size).toBeGreaterThan(700_000);
  // Whoever read it would find no spans.
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

test('what is asked for of a call that runs has what came last', async () => {
  const gateway = await startTestGateway();
  for (const [n, text] of ['one', 'two', 'three'].entries()) {
    await gateway.store.apply(batch(step(`${n}`, text)), text);
    const { items } = await gateway.json('/api/sessions/AJ_1/transcript');
    expect(items.at(-1).text).toBe(text);
    expect((await gateway.json('/api/sessions/AJ_1/timeline')).turns).toHaveLength(1);
  }
});

/** Answers, and how often one was made. */
function counted() {
  const answers = new ResponseCache();
  const made: string[] = [];
  const ask = (name: string, version: string, value: unknown = version) =>
    answers.of(name, version, async () => {
      made.push(`${name} ${version}`);
      if (value instanceof Error) throw value;
      return value;
    });
  return { answers, made, ask };
}

test('a response is made once for concurrent requests, and again for another version', async () => {
  const { made, ask } = counted();
  expect(await Promise.all([ask('a', '1'), ask('a', '1'), ask('b', '1')])).toEqual(['"1"', '"1"', '"1"']);
  expect(await ask('a', '2')).toBe('"2"');
  expect(await ask('a', '2')).toBe('"2"');
  expect(made).toEqual(['a 1', 'b 1', 'a 2']);
});

test('a response that failed, was invalidated, is long or least recently used is made again', async () => {
  const { answers, made, ask } = counted();
  await expect(ask('failed', '1', new Error('no file'))).rejects.toThrow('no file');
  await ask('failed', '1');
  await ask('forgotten', '1');
  answers.forget('forgotten');
  await ask('forgotten', '1');
  for (const _ of [1, 2]) await ask('long', '1', 'x'.repeat(5_000_001));
  await ask('old', '1');
  for (const n of [1, 2, 3, 4, 5, 6, 7, 8]) await ask(`${n}`, '1');
  await ask('old', '1');
  const times = (name: string) => made.filter((each) => each === `${name} 1`).length;
  expect(['failed', 'forgotten', 'long', 'old', '8'].map(times)).toEqual([2, 2, 2, 2, 1]);
});
