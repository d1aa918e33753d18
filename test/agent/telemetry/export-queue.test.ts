import { describe, expect, test } from 'vitest';
import { ExportQueue, maxItems, maxWeight } from '../../../src/agent/telemetry/export-queue.ts';

type Done = (result: { code: number; error?: Error }) => void;

function create() {
  const counts: Record<string, number> = {};
  const add = (what: string, count: number) => {
    counts[what] = (counts[what] ?? 0) + count;
  };
  const errors: (string | undefined)[] = [];
  const sent: Done[] = [];
  const bounds = new ExportQueue<object>({
    exported: (count) => add('exported', count),
    dropped: add,
    failed: (error) => errors.push(error?.message),
  });
  const exporter = bounds.instrument({
    export: (_items: object[], done: Done) => void sent.push(done),
    shutdown: async () => {},
  });
  const items = (count: number) =>
    Array.from({ length: count }, () => ({})).filter((one) => bounds.admit(one, 10));
  return { bounds, exporter, counts, errors, sent, items };
}

describe('the queue', () => {
  test('is bounded by count, and further items are dropped and counted', () => {
    const { bounds, counts, items } = create();
    expect(items(maxItems + 3).length).toBe(2048);
    expect(bounds.waiting).toBe(2048);
    expect(counts).toEqual({ queue_full: 3 });
  });

  test('is bounded by text size', () => {
    const { bounds, counts } = create();
    expect(bounds.admit({}, maxWeight - 1)).toBe(true);
    expect(bounds.admit({}, 2)).toBe(false);
    expect(bounds.admit({}, 1)).toBe(true);
    expect(counts).toEqual({ queue_full: 1 });
  });

  test('frees the space of items that were sent or rejected', () => {
    const { bounds, exporter, counts, errors, sent, items } = create();
    const [first, second] = [items(1000), items(1048)];
    const results: number[] = [];
    exporter.export(first, ({ code }) => results.push(code));
    exporter.export(second, ({ code }) => results.push(code));
    sent[0]?.({ code: 0 });
    sent[1]?.({ code: 1, error: new Error('Bad Gateway') });
    expect(results).toEqual([0, 1]);
    expect(counts).toEqual({ exported: 1000, export_failed: 1048 });
    expect(errors).toEqual(['Bad Gateway']);
    expect(bounds.waiting).toBe(0);
    expect(bounds.admit({}, maxWeight)).toBe(true);
  });
});

describe('giving up', () => {
  test('counts pending items as dropped once for any later result', () => {
    const { bounds, exporter, counts, sent, items } = create();
    exporter.export(items(5), () => {});
    bounds.dropAll();
    sent[0]?.({ code: 0 });
    expect(counts).toEqual({ deadline: 5, exported: 0 });
  });

  test('ends the wait for pending items', async () => {
    const { bounds, items } = create();
    items(1);
    const empty = bounds.drained();
    bounds.dropAll();
    await empty;
    await bounds.drained();
  });
});
