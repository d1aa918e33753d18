import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Attributes } from '../../../src/gateway/decode/attribute-value.ts';
import { emptyBatch, type SessionBatch, type SpanRecord } from '../../../src/gateway/decode/records.ts';
import { spanRecordOf, spansOf } from '../../../src/gateway/decode/signals.ts';
import { factsOf } from '../../../src/gateway/decode/span-facts.ts';
import { trimmedSpan } from '../../../src/gateway/metrics/uploaded-session.ts';
import { SessionStore } from '../../../src/gateway/store/session-store.ts';
import { spanSummaries, summaryOfSpan } from '../../../src/gateway/store/span-summaries.ts';
import { PriceBook } from '../../../src/pricing/price-book.ts';
import { newFolder } from '../running.ts';
import { captured } from '../uploads.ts';

const prices = new PriceBook();
const open = (directory: string) => SessionStore.open({ directory, prices, keepRedactedAudio: false });

const step = (spanId: string): SpanRecord => ({
  ...{ traceId: 't', spanId, name: 'agent_turn', start: 10, end: 11, events: [], status: 'unset' },
  attributes: { 'lk.pii.chat_ctx': 'secret prompt '.repeat(500), 'lk.pii.response.text': 'secret answer' },
});
const batch = (spans: SpanRecord[], redacted = false): SessionBatch => ({
  ...emptyBatch({ jobId: 'AJ_1', redacted, simulated: false }),
  spans,
});

async function summariesIn(store: SessionStore): Promise<string[]> {
  const state = await store.state('AJ_1');
  const ids: string[] = [];
  if (state) for await (const { spanId } of spanSummaries(store.files('AJ_1'), state.sizes)) ids.push(spanId);
  return ids;
}

async function storeWithSpans() {
  const directory = newFolder();
  await (await open(directory)).apply(batch([step('1'), step('2')]), 'a');
  return { directory, path: (name: string) => join(directory, 'sessions/AJ_1', name) };
}

test('span summaries contain each span, without prompts', async () => {
  const { directory, path } = await storeWithSpans();
  expect(await summariesIn(await open(directory))).toEqual(['1', '2']);
  expect(readFileSync(path('outline.jsonl'), 'utf8')).toContain('secret answer');
  expect(readFileSync(path('outline.jsonl'), 'utf8')).not.toContain('secret prompt');
  expect(statSync(path('spans.jsonl')).size).toBeGreaterThan(14_000);
});

describe('span summaries are rebuilt from the spans, and extended by the next upload', () => {
  test.each<[string, (path: (name: string) => string) => void]>([
    ['if the file is missing', (path) => rmSync(path('outline.jsonl'))],
    ['if the file is truncated', (path) => writeFileSync(path('outline.jsonl'), '{"spanId":')],
    [
      'if the session was stored without summaries',
      (path) => {
        const { sizes, ...state } = JSON.parse(readFileSync(path('session.json'), 'utf8'));
        writeFileSync(
          path('session.json'),
          JSON.stringify({ ...state, sizes: { ...sizes, outline: undefined } }),
        );
        rmSync(path('outline.jsonl'));
      },
    ],
  ])('%s', async (_, damage) => {
    const { directory, path } = await storeWithSpans();
    damage(path);
    const store = await open(directory);
    expect(await summariesIn(store)).toEqual(['1', '2']);
    await store.apply(batch([step('3')]), 'b');
    expect(await summariesIn(store)).toEqual(['1', '2', '3']);
    expect(readFileSync(path('outline.jsonl'), 'utf8').split('\n')).toHaveLength(4);
  });
});

test('data beyond the recorded size, left by a crash, is cut off', async () => {
  const { directory, path } = await storeWithSpans();
  writeFileSync(path('outline.jsonl'), `${readFileSync(path('outline.jsonl'), 'utf8')}{"half":`);
  const store = await open(directory);
  await store.apply(batch([step('3')]), 'b');
  expect(await summariesIn(store)).toEqual(['1', '2', '3']);
});

test('span summaries lose all text when a session turns out to be redacted', async () => {
  const { directory, path } = await storeWithSpans();
  const store = await open(directory);
  await store.apply(batch([], true), 'b');
  expect(await summariesIn(store)).toEqual(['1', '2']);
  expect(readFileSync(path('outline.jsonl'), 'utf8')).not.toContain('secret');
});

const spans = captured
  .filter(({ kind }) => kind === 'traces')
  .flatMap(({ body }) => spansOf(gunzipSync(body)))
  .map(({ wire }) => spanRecordOf(wire));

const span = (more: Partial<SpanRecord>): SpanRecord => ({
  ...{ traceId: 't', spanId: 's', name: 'llm_node', start: 1, end: 2 },
  ...{ attributes: {}, events: [], status: 'unset', ...more },
});
const keptOf = (attributes: Attributes) => summaryOfSpan(span({ attributes })).attributes;

test('span summaries keep all facts of a real call', () => {
  expect(spans.length).toBeGreaterThan(50);
  for (const each of spans) {
    expect(factsOf(summaryOfSpan(each), 'nodejs')).toEqual(factsOf(each, 'nodejs'));
    expect(trimmedSpan(summaryOfSpan(each)) === undefined).toBe(trimmedSpan(each) === undefined);
  }
});

test('prompts, tool definitions and other long texts are left out; messages and tool calls are kept', () => {
  const said = {
    'lk.pii.user_transcript': 'a',
    'lk.pii.response.text': 'b',
    'lk.pii.function_tool.arguments': 'c',
    'lk.pii.function_tool.output': 'd',
    'lk.user_transcript': 'e',
    'lk.response.text': 'f',
    'gen_ai.request.model': 'g',
    'error.type': 'h',
  };
  const long = {
    'lk.pii.chat_ctx': '{"items":[]}',
    'lk.chat_ctx': '{"items":[]}',
    'lk.pii.instructions': 'Be kind.',
    'lk.pii.input_text': 'words',
    'lk.function_tools': '[]',
    'lk.blocking.stack': 'at …',
    'gen_ai.input.messages': '[]',
    'of.my.own': 'anything',
  };
  expect(keptOf({ ...said, ...long })).toEqual(said);
});

test('the error type of a failed span is kept; events are left out', () => {
  const events: SpanRecord['events'] = [
    { name: 'gen_ai.user.message', at: 1, attributes: { content: 'words' } },
    { name: 'exception', at: 2, attributes: { 'exception.type': 'E', 'exception.message': 'words' } },
  ];
  expect(summaryOfSpan(span({ events, status: 'error', statusMessage: 'it failed' }))).toMatchObject({
    events: [{ name: 'exception', at: 2, attributes: { 'exception.type': 'E' } }],
    statusMessage: 'it failed',
  });
  expect(summaryOfSpan(span({ events, status: 'ok' })).events).toEqual([]);
});
