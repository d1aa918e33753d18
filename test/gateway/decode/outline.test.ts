import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { Attributes } from '../../../src/gateway/decode/attribute-value.ts';
import { outlined } from '../../../src/gateway/decode/outline.ts';
import type { SpanRecord } from '../../../src/gateway/decode/records.ts';
import { factsOf } from '../../../src/gateway/decode/span-facts.ts';
import { spanRecordOf, spansOf } from '../../../src/gateway/decode/spans.ts';
import { measurable } from '../../../src/gateway/metrics/uploaded-session.ts';
import { captured } from '../uploads.ts';

const spans = captured
  .filter(({ kind }) => kind === 'traces')
  .flatMap(({ body }) => spansOf(gunzipSync(body)))
  .map(({ wire }) => spanRecordOf(wire));

const span = (more: Partial<SpanRecord>): SpanRecord => ({
  ...{ traceId: 't', spanId: 's', name: 'llm_node', start: 1, end: 2 },
  ...{ attributes: {}, events: [], status: 'unset', ...more },
});
const keptOf = (attributes: Attributes) => outlined(span({ attributes })).attributes;

test('whatever a real call is read for is told by the outline too', () => {
  expect(spans.length).toBeGreaterThan(50);
  for (const each of spans) {
    expect(factsOf(outlined(each), 'nodejs')).toEqual(factsOf(each, 'nodejs'));
    expect(measurable(outlined(each)) === undefined).toBe(measurable(each) === undefined);
  }
});

test('prompts, tools and other long texts are left out, what was said and done is not', () => {
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

test('of what failed, the kind stays; events are left out', () => {
  const events: SpanRecord['events'] = [
    { name: 'gen_ai.user.message', at: 1, attributes: { content: 'words' } },
    { name: 'exception', at: 2, attributes: { 'exception.type': 'E', 'exception.message': 'words' } },
  ];
  expect(outlined(span({ events, status: 'error', statusMessage: 'it failed' }))).toMatchObject({
    events: [{ name: 'exception', at: 2, attributes: { 'exception.type': 'E' } }],
    statusMessage: 'it failed',
  });
  expect(outlined(span({ events, status: 'ok' })).events).toEqual([]);
});
