import { appendFileSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { emptyBatch, type SessionBatch } from '../../../src/gateway/decode/records.ts';
import { retain } from '../../../src/gateway/maintenance.ts';
import { SessionFiles } from '../../../src/gateway/store/session-files.ts';
import { SessionStore } from '../../../src/gateway/store/session-store.ts';
import { PriceBook } from '../../../src/pricing/price-book.ts';
import { newFolder, startTestGateway } from '../running.ts';
import { capturedOf, one, upload } from '../uploads.ts';

const prices = new PriceBook();
const open = (directory: string, now?: () => number) =>
  SessionStore.open({ directory, prices, keepRedactedAudio: false, ...(now && { now }) });

const batchOf = (jobId: string, more: Partial<SessionBatch> = {}): SessionBatch => ({
  ...emptyBatch({ jobId, redacted: false, simulated: false }),
  ...more,
});
const log = (message: string, at = 1000) => ({
  at,
  level: 'info' as const,
  message,
  scope: 'agent',
  attributes: {},
});
const logsIn = async (store: SessionStore, id: string): Promise<string[]> => {
  const messages: string[] = [];
  const size = (await store.state(id))?.sizes.logs ?? 0;
  for await (const { message } of store.files(id).records<{ message: string }>('logs', size))
    messages.push(message);
  return messages;
};

describe('stored data survives', () => {
  test('a restart', async () => {
    const directory = newFolder();
    const first = await open(directory);
    await first.apply(batchOf('AJ_1', { logs: [log('one')] }), 'a');
    const second = await open(directory);
    expect(second.index.get('AJ_1')).toEqual(first.index.get('AJ_1'));
    expect(await second.apply(batchOf('AJ_1', { logs: [log('two')] }), 'b')).toBe('applied');
    expect(await logsIn(second, 'AJ_1')).toEqual(['one', 'two']);
  });

  test('a crash between two file writes: the upload is processed again and counts once', async () => {
    const directory = newFolder();
    const store = await open(directory);
    await store.apply(batchOf('AJ_1', { logs: [log('one')] }), 'a');
    // A record and a partial record that are not in the state.
    appendFileSync(join(directory, 'sessions/AJ_1/logs.jsonl'), `${JSON.stringify(log('two'))}\n{"at":`);
    const again = await open(directory);
    expect(await logsIn(again, 'AJ_1')).toEqual(['one']);
    await again.apply(batchOf('AJ_1', { logs: [log('two')] }), 'b');
    expect(await logsIn(again, 'AJ_1')).toEqual(['one', 'two']);
    expect(await again.apply(batchOf('AJ_1', { logs: [log('two')] }), 'b')).toBe('repeated');
    expect(await logsIn(again, 'AJ_1')).toEqual(['one', 'two']);
  });

  test('a crash in the middle of a line of the index', async () => {
    const directory = newFolder();
    const store = await open(directory);
    await store.apply(batchOf('AJ_1'), 'a');
    await store.apply(batchOf('AJ_2'), 'b');
    const index = join(directory, 'index.jsonl');
    writeFileSync(index, readFileSync(index, 'utf8').slice(0, -20));
    const again = await open(directory);
    expect(
      again.index
        .summaries()
        .map(({ id }) => id)
        .sort(),
    ).toEqual(['AJ_1', 'AJ_2']);
    await again.apply(batchOf('AJ_3'), 'c');
    expect((await open(directory)).index.size).toBe(3);
  });
});

test('a measured session is not read again at the next start', async () => {
  const directory = newFolder();
  const store = await open(directory);
  await store.apply(batchOf('AJ_1', { logs: [log('one')] }), 'a');
  const { receivedAt = 0 } = (await store.state('AJ_1')) ?? {};
  expect(await store.markMeasured('AJ_1', 'measured', receivedAt)).toBe(true);
  const read = vi.spyOn(SessionFiles.prototype, 'readState');
  const second = await open(directory);
  expect(read.mock.calls.length).toBe(0);
  read.mockRestore();
  expect((await second.state('AJ_1'))?.measured?.result).toBe('measured');
  expect(second.index.get('AJ_1')).toEqual(store.index.get('AJ_1'));
});

test('a session with a deleted folder is no longer listed', async () => {
  const directory = newFolder();
  await (await open(directory)).apply(batchOf('AJ_1'), 'a');
  rmSync(join(directory, 'sessions/AJ_1'), { recursive: true });
  expect((await open(directory)).index.size).toBe(0);
});

describe('names sent by an SDK are encoded in paths', () => {
  test.each([
    '../../escape',
    '..',
    '.',
    'a/b',
    'a\\b',
    'C:evil',
    '/etc/passwd',
    'x'.repeat(400),
    'nul\u0000l',
    '🦻',
  ])('%j', async (jobId) => {
    const directory = newFolder();
    const store = await open(join(directory, 'data'));
    await store.apply(batchOf(jobId, { logs: [log('one')] }), 'a');
    expect(readdirSync(directory)).toEqual(['data']);
    const [folder = ''] = readdirSync(join(directory, 'data/sessions'));
    expect(folder).toMatch(/^x-[0-9a-f]{32}$/);
  });
});

describe('deleting', () => {
  test('removes a session completely, and later uploads of it are dropped', async () => {
    const gateway = await startTestGateway();
    await gateway.take(capturedOf('flush'));
    const changes: unknown[] = [];
    gateway.store.events.on('sessionChanged', (id, summary) => changes.push([id, summary]));
    const response = await fetch(`${gateway.url}/api/sessions/AJ_flush`, { method: 'DELETE' });
    expect(response.status).toBe(204);
    const names = readdirSync(gateway.directory, { recursive: true, encoding: 'utf8' });
    const files = names
      .map((name) => join(gateway.directory, name))
      .filter((path) => statSync(path).isFile());
    // The ID is kept, so that later uploads can be refused.
    const rest = files.filter((path) => readFileSync(path, 'latin1').match(/AJ_flush|weather|room-flush/));
    expect(rest).toEqual([join(gateway.directory, 'deleted.jsonl')]);
    expect(changes).toEqual([['AJ_flush', undefined]]);

    await gateway.take(capturedOf('flush'));
    expect(await gateway.json('/api/sessions')).toMatchObject({ total: 0 });
    expect(readdirSync(join(gateway.directory, 'sessions'))).toEqual([]);
    expect(
      await gateway.metric('talkgauge_gateway_discarded_records_total', { reason: 'deleted_session' }),
    ).toBeGreaterThan(30);
    expect((await fetch(`${gateway.url}/api/sessions/AJ_flush`, { method: 'DELETE' })).status).toBe(404);
  });

  test('is remembered after a restart', async () => {
    const directory = newFolder();
    const store = await open(directory);
    await store.apply(batchOf('AJ_1'), 'a');
    await store.delete('AJ_1');
    expect(await (await open(directory)).apply(batchOf('AJ_1'), 'b')).toBe('deleted');
  });
});

describe('retention', () => {
  const day = 86_400;
  async function threeDays() {
    let now = 0;
    const store = await open(newFolder(), () => now);
    for (const n of [1, 2, 3]) {
      now = n * day;
      await store.apply(batchOf(`AJ_${n}`, { logs: [log('x'.repeat(10_000), now)] }), `entry${n}`);
    }
    return store;
  }
  const left = (store: SessionStore) => store.index.summaries().map(({ id }) => id);

  test('by age', async () => {
    const store = await threeDays();
    expect(await retain(store, { maxAge: 1.5 * day }, 3 * day)).toEqual({ age: 1, size: 0 });
    expect(left(store)).toEqual(['AJ_2', 'AJ_3']);
  });

  test('by size, the oldest first', async () => {
    const store = await threeDays();
    expect(await retain(store, { maxBytes: 15_000 }, 3 * day)).toEqual({ age: 0, size: 2 });
    expect(left(store)).toEqual(['AJ_3']);
  });

  test('without limits, no session is deleted', async () => {
    const store = await threeDays();
    expect(await retain(store, {}, 1000 * day)).toEqual({ age: 0, size: 0 });
  });
});

test('accepted uploads are processed after a restart', async () => {
  const directory = newFolder();
  const first = await startTestGateway({ directory });
  // No upload is processed while the store cannot be written.
  rmSync(join(directory, 'sessions'), { recursive: true });
  writeFileSync(join(directory, 'sessions'), 'in the way');
  expect((await upload(first.url, one('full-08-logs'))).status).toBe(200);
  await first.close();
  rmSync(join(directory, 'sessions'));
  const second = await startTestGateway({ directory });
  await second.drained(10_000);
  expect(await second.json('/api/sessions/AJ_full')).toMatchObject({ hasReport: true, turns: 6 });
});
