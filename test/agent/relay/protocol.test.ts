import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decodeFrame,
  eachSample,
  encodeDefinition,
  encodeHello,
  encodeSamples,
  maxLineBytes,
  maxSamplesPerLine,
  pushSample,
} from '../../../src/agent/relay/protocol.ts';
import type { Exemplar } from '../../../src/catalogue/observation.ts';

type Sample = { id: number; value: number; exemplar: Exemplar | undefined };

const anyString = fc.string({ unit: 'binary' });
const anyBrokenString = fc
  .array(fc.integer({ min: 0, max: 0xffff }))
  .map((units) => String.fromCharCode(...units));
const anyExemplar = fc
  .record({ trace_id: anyString, span_id: fc.option(anyString, { nil: undefined }) })
  .map(({ trace_id, span_id }) => (span_id === undefined ? { trace_id } : { trace_id, span_id }));
const anySample = fc.record({
  id: fc.nat(),
  value: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0), // JSON has no -0
  exemplar: fc.option(anyExemplar, { nil: undefined }),
});

function encode(samples: readonly Sample[]): string {
  const list: unknown[] = [];
  let previous: Exemplar | undefined;
  for (const { id, value, exemplar } of samples) {
    pushSample(list, id, value, exemplar, previous);
    previous = exemplar ?? previous;
  }
  return encodeSamples(list);
}

function decode(line: string): Sample[] {
  const frame = decodeFrame(line);
  if (frame?.type !== 'samples') throw new Error(`no samples: ${line}`);
  const samples: Sample[] = [];
  eachSample(frame.list, (id, value, exemplar) => {
    samples.push({ id: id as number, value: value as number, exemplar });
  });
  return samples;
}

test('the frames match the documented lines', () => {
  expect(encodeHello({ agent_name: 'front-desk', agent_version: '1.4.0' }, 4711)).toBe(
    '{"v":1,"identity":{"agent_name":"front-desk","agent_version":"1.4.0"},"pid":4711}\n',
  );
  expect(encodeDefinition(7, 'lk_agents_tool_calls_total', { tool: 'book', outcome: 'ok' })).toBe(
    '{"id":7,"metric":"lk_agents_tool_calls_total","labels":{"tool":"book","outcome":"ok"}}\n',
  );
  const exemplar = { trace_id: 'aa', span_id: 'bb' };
  expect(
    encode([
      { id: 7, value: 0.412, exemplar },
      { id: 8, value: 1, exemplar: undefined },
      { id: 9, value: 0.731, exemplar: { trace_id: 'aa', span_id: 'bb' } },
      { id: 9, value: 2, exemplar: { trace_id: 'aa' } },
    ]),
  ).toBe('[7,0.412,["aa","bb"],8,1,9,0.731,[],9,2,["aa"]]\n');
});

test('samples round-trip', () => {
  fc.assert(
    fc.property(fc.array(anySample), (samples) => {
      const line = encode(samples);
      expect(line.indexOf('\n')).toBe(line.length - 1);
      expect(decode(Buffer.from(line).toString())).toEqual(samples);
    }),
  );
});

test('label sets with any values round-trip', () => {
  fc.assert(
    fc.property(fc.nat(), fc.dictionary(anyString, anyBrokenString), (id, labels) => {
      const line = encodeDefinition(id, 'lk_agents_turns_total', labels);
      expect(line.indexOf('\n')).toBe(line.length - 1);
      const frame = decodeFrame(Buffer.from(line).toString());
      expect(frame).toEqual({
        type: 'definition',
        id,
        metric: 'lk_agents_turns_total',
        labels: Object.fromEntries(Object.entries(labels)),
      });
    }),
  );
});

test('a hello round-trips', () => {
  fc.assert(
    fc.property(anyBrokenString, anyBrokenString, (agent_name, agent_version) => {
      const line = encodeHello({ agent_name, agent_version }, 1);
      expect(decodeFrame(line)).toEqual({ type: 'hello', identity: { agent_name, agent_version }, pid: 1 });
    }),
  );
});

test('any line of text is a frame or undefined and never throws', () => {
  fc.assert(
    fc.property(
      fc.oneof(anyBrokenString, fc.json(), fc.constantFrom('[object Object]', 'null', 'true', '-0', '1e400')),
      (line) => {
        const frame = decodeFrame(line);
        let visits = 0;
        if (frame?.type === 'samples') eachSample(frame.list, () => visits++);
        expect(visits).toBeLessThanOrEqual(line.length);
      },
    ),
    { examples: ['{"toString":null}', '[{"toString":1}]', '{"v":{"toString":0}}'].map((line) => [line]) },
  );
});

test.each([
  ['not JSON', '{"id":'],
  ['a number', '7'],
  ['null', 'null'],
  ['an empty object', '{}'],
  ['a definition without labels', '{"id":0,"metric":"m"}'],
  ['a definition with an array as labels', '{"id":0,"metric":"m","labels":[]}'],
  ['a definition with a label value that is not a string', '{"id":0,"metric":"m","labels":{"a":1}}'],
  ['a definition with a negative id', '{"id":-1,"metric":"m","labels":{}}'],
  ['a definition with a fractional id', '{"id":0.5,"metric":"m","labels":{}}'],
  ['a definition with an id beyond integers', '{"id":1e300,"metric":"m","labels":{}}'],
  ['a hello without identity', '{"v":1}'],
  ['a hello with an incomplete identity', '{"v":1,"identity":{"agent_name":"a"}}'],
  ['a hello with the identity null', '{"v":1,"identity":null}'],
])('%s is not a frame', (_, line) => {
  expect(decodeFrame(line)).toBeUndefined();
});

test.each(['2', '"1"', 'null', '0', '[1]'])('a hello of version %s is incompatible', (v) => {
  expect(decodeFrame(`{"v":${v}}`)).toEqual({ type: 'incompatible' });
});

test('a label named __proto__ is kept as a label', () => {
  const frame = decodeFrame('{"id":0,"metric":"m","labels":{"__proto__":"x"}}');
  expect(frame?.type === 'definition' && Object.keys(frame.labels)).toEqual(['__proto__']);
  expect(({} as { x?: string }).x).toBeUndefined();
});

test('a malformed exemplar is omitted, and its sample is kept', () => {
  expect(decode('[1,2,[5,"s"],3,4,[],5,6,["t",7]]')).toEqual([
    { id: 1, value: 2, exemplar: undefined },
    { id: 3, value: 4, exemplar: undefined },
    { id: 5, value: 6, exemplar: { trace_id: 't' } },
  ]);
});

test('a line of the longest samples is at most half the line limit of the worker', () => {
  const worst = '\u0001';
  const samples = Array.from({ length: maxSamplesPerLine }, (_, at) => ({
    id: 9999,
    value: -1.7976931348623157e308,
    exemplar: { trace_id: worst.repeat(31) + (at % 10), span_id: worst.repeat(16) },
  }));
  expect(encode(samples).length).toBeLessThan(maxLineBytes);
});
