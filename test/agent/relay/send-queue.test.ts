import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JobSeriesTable } from '../../../src/agent/relay/job-series.ts';
import { maxLineBytes } from '../../../src/agent/relay/protocol.ts';
import { SendQueue } from '../../../src/agent/relay/send-queue.ts';
import type { Observation } from '../../../src/catalogue/observation.ts';

const handoffs = 'lk_agents_handoffs_total';
const active = 'lk_agents_sessions_active';
const turns = 'lk_agents_session_turns';

function createQueue(maxBytes = 1_048_576) {
  const table = new JobSeriesTable(4096);
  const queue = new SendQueue(table, maxBytes);
  return {
    queue,
    add(metric: string, value: number, exemplar?: Observation['exemplar'], labels = {}) {
      const series = table.find(metric, labels);
      return typeof series === 'string' ? series : queue.add(series, value, exemplar);
    },
    takeAll() {
      let text = '';
      while (!queue.empty) text += queue.take();
      return text;
    },
  };
}

test('samples of one tick are one line, after the definitions of new series', () => {
  const { queue, add } = createQueue();
  add(turns, 4);
  add(active, -1);
  add(handoffs, 1);
  add(handoffs, 2);
  expect(queue.take()).toBe(
    '{"id":0,"metric":"lk_agents_session_turns","labels":{}}\n' +
      '{"id":1,"metric":"lk_agents_sessions_active","labels":{}}\n' +
      '{"id":2,"metric":"lk_agents_handoffs_total","labels":{}}\n' +
      '[0,4,2,3,1,-1]\n',
  );
  expect(queue.taken).toBe(3); // a gauge is a state and cannot be lost
  expect(queue.empty).toBe(true);
  expect(queue.take()).toBe('');
  add(handoffs, 5);
  expect(queue.take()).toBe('[2,5]\n');
});

test('a gauge is sent as the whole share of the job', () => {
  const { queue, add } = createQueue();
  add(active, 1);
  add(active, 1);
  expect(queue.take()).toContain('[0,2]\n');
  add(active, -1);
  expect(queue.take()).toBe('[0,1]\n');
});

test('a new worker receives definitions and shares again, and no counter twice', () => {
  const { queue, add } = createQueue();
  add(active, 2);
  add(handoffs, 7);
  add('lk_agents_active_job_count', 1, undefined, { nodename: 'n' });
  add('lk_agents_active_job_count', -1, undefined, { nodename: 'n' });
  queue.take();
  queue.restart();
  expect(queue.empty).toBe(false);
  expect(queue.take()).toBe(
    '{"id":0,"metric":"lk_agents_sessions_active","labels":{}}\n' +
      '{"id":1,"metric":"lk_agents_handoffs_total","labels":{}}\n' +
      '{"id":2,"metric":"lk_agents_active_job_count","labels":{"nodename":"n"}}\n' +
      '[0,2]\n',
  );
});

test('an exemplar is sent once for consecutive samples, and ids of invalid length are omitted', () => {
  const { queue, add } = createQueue();
  const exemplar = { trace_id: 'a'.repeat(32), span_id: 'b'.repeat(16) };
  add(turns, 1, exemplar);
  add(turns, 2, { ...exemplar });
  add(turns, 3);
  add(turns, 4, exemplar);
  add(turns, 5, { trace_id: 'c'.repeat(32) });
  add(turns, 6, { trace_id: 'c'.repeat(31) });
  add(turns, 7, { trace_id: 'c'.repeat(32), span_id: 'd'.repeat(17) });
  add(turns, 8, { trace_id: 7 as unknown as string });
  expect(queue.take().split('\n')[1]).toBe(
    `[0,1,["${'a'.repeat(32)}","${'b'.repeat(16)}"],0,2,[],0,3,0,4,[],0,5,["${'c'.repeat(32)}"],0,6,0,7,0,8]`,
  );
});

test('a full queue refuses new samples, and sums need no queue', () => {
  const { add, takeAll } = createQueue(400); // space for ten samples
  const refused = Array.from({ length: 15 }, (_, at) => add(turns, at)).filter(Boolean);
  expect(refused).toEqual(Array(5).fill('queue_full'));
  for (let count = 0; count < 1000; count++) {
    expect(add(handoffs, 1)).toBeUndefined();
    expect(add(active, 1)).toBeUndefined();
  }
  expect(takeAll()).toContain('\n[0,0,0,1,0,2,0,3,0,4,0,5,0,6,0,7,0,8,0,9,2,1000,1,1000]\n');
  expect(add(turns, 1)).toBeUndefined();
});

test('invalid values are refused and do not affect valid ones', () => {
  const { add, takeAll } = createQueue();
  add(handoffs, 1);
  add(active, 1);
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 1e308, 5.1e14, '1' as unknown as number]) {
    expect(add(active, value)).toBe('invalid_value');
    expect(add(handoffs, value)).toBe('invalid_value');
  }
  for (const value of [Number.NaN, Number.NEGATIVE_INFINITY, null as unknown as number]) {
    expect(add(turns, value)).toBe('invalid_value');
  }
  expect(add(handoffs, -1)).toBe('invalid_value');
  expect(takeAll()).toContain('\n[1,1,0,1]\n');
});

test('a long queue is sent in lines and chunks within the limits of the worker, without loss', () => {
  const anyAdd = fc.record({
    metric: fc.constantFrom(turns, handoffs, active, 'lk_agents_vad_inferences_total'),
    value: fc.nat(1000),
    exemplar: fc.option(
      fc.record({ trace_id: fc.string({ unit: 'binary', minLength: 32, maxLength: 32 }) }),
      { nil: undefined },
    ),
  });
  fc.assert(
    fc.property(fc.array(anyAdd, { size: 'max', maxLength: 2000 }), (adds) => {
      const { queue, add } = createQueue();
      let samples = 0;
      for (const { metric, value, exemplar } of adds) {
        expect(add(metric, value, exemplar)).toBeUndefined();
        if (metric !== active) samples++;
      }
      let text = '';
      let taken = 0;
      while (!queue.empty) {
        const piece = queue.take();
        expect(piece.endsWith('\n')).toBe(true);
        expect(piece.length).toBeLessThan(32_768 + maxLineBytes);
        text += piece;
        taken += queue.taken;
      }
      expect(taken).toBe(samples);
      const lines = text.split('\n').slice(0, -1);
      for (const line of lines) expect(Buffer.byteLength(line)).toBeLessThan(maxLineBytes);
      const numbers = lines
        .map((line) => JSON.parse(line))
        .filter(Array.isArray)
        .flatMap((list) => list.filter((item: unknown) => typeof item === 'number'));
      const total = numbers.reduce((sum, number, at) => (at % 2 === 1 ? sum + number : sum), 0);
      expect(total).toBe(adds.reduce((sum, { value }) => sum + value, 0));
    }),
    { numRuns: 30 },
  );
});

test('thousands of new series and sums are sent in chunks', () => {
  const { add, queue, takeAll } = createQueue();
  for (let at = 0; at < 4000; at++) {
    add('lk_agents_tool_calls_total', 1, undefined, { tool: `tool-${at}`, outcome: 'ok' });
  }
  expect(queue.take().length).toBeLessThan(34_000);
  const lines = takeAll()
    .split('\n')
    .filter((line) => line.startsWith('['));
  expect(lines).toHaveLength(32); // 4000 sums, 128 a line
});
