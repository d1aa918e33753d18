import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LogPipeline } from '../../../src/agent/telemetry/log-pipeline.ts';
import { resourceOfProcess } from '../../../src/agent/telemetry/opentelemetry.ts';
import { Redaction } from '../../../src/agent/telemetry/redaction.ts';
import { type Backend, openBackend } from './backend.ts';

let backend: Backend;
beforeEach(async () => {
  backend = await openBackend();
});
afterEach(() => backend.close());

/** A log pipeline to the backend, with its counts. */
function start() {
  const counts: Record<string, number> = {};
  const add = (what: string, count: number) => {
    counts[what] = (counts[what] ?? 0) + count;
  };
  const pipeline = new LogPipeline({
    target: { protocol: 'http/protobuf', url: `${backend.url}/v1/logs` },
    redaction: new Redaction({ allowPii: false }),
    resource: resourceOfProcess('1'),
    counters: { exported: (count) => add('exported', count), dropped: add },
  });
  let most = 0;
  const emit = async (lines: number) => {
    for (let n = 0; n < lines; n++) {
      pipeline.emit({ signal: 'log', at: n, severity: 'INFO', body: `line ${n}`, attributes: { n } });
      most = Math.max(most, pipeline.unsent().items.length);
      // As in a job, where other work runs between lines.
      if (n % 200 === 0) await turn();
    }
  };
  return { counts, emit, pipeline, maxPending: () => most };
}

const sum = (counts: Record<string, number>) => Object.values(counts).reduce((a, b) => a + b, 0);

describe('a flood of lines', () => {
  test.each(['hanging', 'busy', 'too-large', 'refusing'] as const)(
    'to a backend that is %s does not block: the queue is bounded, and each line is counted once',
    async (how) => {
      backend.behave(how);
      const { counts, emit, pipeline, maxPending } = start();
      await emit(10_000);
      expect(maxPending()).toBeLessThanOrEqual(2048);
      await pipeline.finish(100);
      expect(counts.exported).toBeUndefined();
      expect(sum(counts)).toBe(10_000);
      expect(pipeline.unsent().items).toEqual([]);
    },
  );

  test('to a backend that throttles and then recovers loses only the lines beyond the queue', async () => {
    backend.behave('busy');
    const { counts, emit, pipeline } = start();
    await emit(3000);
    backend.behave('up');
    await pipeline.finish(60_000);
    expect(counts).toEqual({ exported: 2048, queue_full: 952 });
    expect(backend.logs).toHaveLength(2048);
  });
});
