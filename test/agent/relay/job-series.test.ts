import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dropsMetric, type JobSeries, JobSeriesTable } from '../../../src/agent/relay/job-series.ts';

const calls = 'lk_agents_tool_calls_total';
const tool = (name: string) => ({ tool: name, outcome: 'ok' });

const found = (result: JobSeries | string): JobSeries => {
  if (typeof result === 'string') throw new Error(`refused: ${result}`);
  return result;
};

test('a label set has one id for any order of its labels', () => {
  const table = new JobSeriesTable(100);
  const first = found(table.find(calls, { tool: 'book', outcome: 'ok' }));
  expect(table.find(calls, { outcome: 'ok', tool: 'book' })).toBe(first);
  expect(found(table.find(calls, { tool: 'book', outcome: 'error' })).id).toBe(1);
  expect(found(table.find('lk_agents_handoffs_total', {})).id).toBe(2);
  expect(found(table.find('lk_agents_handoffs_total', {})).id).toBe(2);
  expect(table.size).toBe(3);
  expect(table.at(0)?.definition).toBe(
    '{"id":0,"metric":"lk_agents_tool_calls_total","labels":{"tool":"book","outcome":"ok"}}\n',
  );
});

test('different label sets have different ids', () => {
  const anyName = fc.string({ unit: 'binary', maxLength: 5 });
  fc.assert(
    fc.property(fc.array(fc.tuple(anyName, fc.constantFrom('ok', 'error'))), (sets) => {
      const table = new JobSeriesTable(1000);
      const ids = new Map<string, number>();
      for (const [name, outcome] of sets) {
        const { id } = found(table.find(calls, { tool: name, outcome }));
        const key = JSON.stringify([name, outcome]);
        expect(id).toBe(ids.get(key) ?? ids.size);
        ids.set(key, id);
      }
    }),
  );
});

test.each([
  ['unknown_metric', 'lk_agents_nonsense_total', {}],
  ['unknown_metric', '__proto__', {}],
  ['unknown_label', calls, {}],
  ['unknown_label', calls, { tool: 'book' }],
  ['unknown_label', calls, { tool: 'book', outcome: 'ok', room: 'r' }],
  ['unknown_label', calls, { tool: 'book', room: 'r' }],
  ['unknown_label', calls, { tool: 'book', outcome: 'maybe' }],
  ['unknown_label', calls, { tool: 7, outcome: 'ok' }],
  ['unknown_label', calls, { tool: undefined, outcome: 'ok' }],
  ['unknown_label', 'lk_agents_handoffs_total', { room: 'r' }],
])('%s: %s %o is refused before and after a valid one was found', (reason, metric, labels) => {
  const table = new JobSeriesTable(100);
  expect(table.find(metric, labels as never)).toBe(reason);
  found(table.find(calls, tool('book')));
  expect(table.find(metric, labels as never)).toBe(reason);
  expect(table.size).toBe(1);
});

test('series are limited, and drops can always be counted', () => {
  const table = new JobSeriesTable(4);
  for (const name of 'abcd') found(table.find(calls, tool(name)));
  expect(table.find(calls, tool('e'))).toBe('series_limit');
  found(table.find(calls, tool('a')));
  expect(found(table.find(dropsMetric, { reason: 'series_limit' })).id).toBe(4);
});

test('a value is truncated to the length that the recorder uses, so longer values with the same prefix are one', () => {
  const table = new JobSeriesTable(100);
  const long = found(table.find(calls, tool('😀'.repeat(2500))));
  expect(table.find(calls, tool(`${'😀'.repeat(256)}else`))).toBe(long);
  expect(long.definition).toContain(`"tool":"${'😀'.repeat(256)}"`);
  expect(Buffer.byteLength(found(table.find(calls, tool('\ud800'.repeat(9999)))).definition)).toBeLessThan(
    4000,
  );
});
