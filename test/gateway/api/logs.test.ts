import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type LogBounds, logsPage } from '../../../src/gateway/api/logs.ts';
import { emptyBatch, type LogRecord } from '../../../src/gateway/decode/records.ts';
import { SessionFiles } from '../../../src/gateway/store/session-files.ts';
import { newFolder, startTestGateway } from '../running.ts';

const line = (at: number, message: string, level: LogRecord['level'] = 'info'): LogRecord => ({
  ...{ at, level, message, scope: 'livekit.agents', attributes: {} },
});

async function written(logs: readonly LogRecord[]) {
  const files = new SessionFiles(newFolder());
  const size = await files.append('logs', 0, logs);
  return async (query: { limit: number; offset: number; level?: 'warn' }, bounds?: Partial<LogBounds>) => {
    const found = await logsPage(files, size, query, { ordered: 1000, characters: 100_000, ...bounds });
    return { ...found, logs: found.logs.map((json) => JSON.parse(json) as LogRecord) };
  };
}
const messages = ({ logs }: { logs: LogRecord[] }) => logs.map(({ message }) => message);

test('consecutive pages contain all lines sorted by time; lines with the same time keep their order of arrival', async () => {
  const levels = fc.constantFrom<LogRecord['level']>('info', 'error');
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), levels), { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 1, max: 7 }),
      fc.constantFrom(undefined, 'warn' as const),
      async (lines, limit, level) => {
        const logs = lines.map(([at, severity], n) => line(at, `${n}`, severity));
        const page = await written(logs);
        const read: string[] = [];
        const wanted = logs
          .filter((log) => level === undefined || log.level === 'error')
          .toSorted((a, b) => a.at - b.at);
        for (let offset = 0; offset <= wanted.length; offset += limit) {
          const found = await page({ limit, offset, level });
          expect(found.total).toBe(wanted.length);
          read.push(...messages(found));
        }
        expect(read).toEqual(wanted.map(({ message }) => message));
      },
    ),
    { numRuns: 60 },
  );
});

test('a page is cut at the character limit, and the next page begins there', async () => {
  const long = 'x'.repeat(1000);
  // The last line has the earliest time.
  const page = await written([
    line(2, `b${long}`),
    line(3, `c${long}`),
    line(4, `d${long}`),
    line(1, `a${long}`),
  ]);
  const starts = async (offset: number, characters: number) =>
    messages(await page({ limit: 10, offset }, { characters })).map(([first]) => first);
  expect(await starts(0, 2500)).toEqual(['a', 'b']);
  expect(await starts(2, 2500)).toEqual(['c', 'd']);
  // A line longer than the limit is returned anyway. Otherwise no client could page past it.
  expect(await starts(1, 10)).toEqual(['b']);
});

test('lines beyond the sorting limit are returned in the order of arrival', async () => {
  const page = await written([3, 1, 2, 9, 7, 8].map((at) => line(at, `${at}`)));
  const read = async (limit: number, offset: number) =>
    messages(await page({ limit, offset }, { ordered: 3 })).join(' ');
  expect(await read(10, 0)).toBe('1 2 3 9 7 8');
  expect([await read(2, 2), await read(2, 4), await read(2, 6)]).toEqual(['3 9', '7 8', '']);
});

test('a page of a very long log does not exceed the character limit', async () => {
  const gateway = await startTestGateway();
  const identity = { jobId: 'AJ_1', redacted: false, simulated: false };
  const text = 'x'.repeat(10_000);
  // 120 MB.
  for (let n = 0; n < 12; n++) {
    const logs = Array.from({ length: 1000 }, (_, k) => line(n * 1000 + k, text));
    await gateway.store.apply({ ...emptyBatch(identity), logs }, `${n}`);
  }
  const { total, logs } = await gateway.json('/api/sessions/AJ_1/logs?limit=5000&offset=6000');
  expect(total).toBe(12_000);
  expect(logs[0].at).toBe(6000);
  // Some 10,100 characters each.
  expect(logs.length).toBeGreaterThan(700);
  expect(logs.length).toBeLessThan(800);
  expect(logs.at(-1).at).toBe(6000 + logs.length - 1);
}, 120_000);
