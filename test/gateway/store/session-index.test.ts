import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { emptyBatch, type SessionBatch } from '../../../src/gateway/decode/records.ts';
import { SessionFiles } from '../../../src/gateway/store/session-files.ts';
import { SessionStore } from '../../../src/gateway/store/session-store.ts';
import { PriceBook } from '../../../src/pricing/price-book.ts';
import { newFolder, startTestGateway } from '../running.ts';
import { capturedOf } from '../uploads.ts';

const prices = new PriceBook();
const open = (directory: string, log: (line: string) => void = () => {}) =>
  SessionStore.open({ directory, prices, keepRedactedAudio: false, log });

const batchOf = (jobId: string, more: Partial<SessionBatch> = {}): SessionBatch => ({
  ...emptyBatch({ jobId, redacted: false, simulated: false }),
  ...more,
});
const withText = (text: string): Partial<SessionBatch> => ({
  items: [{ id: 'u', type: 'message', role: 'user', text }],
});
const deleteIndex = (directory: string) => {
  for (const file of ['index.jsonl', 'words.jsonl']) rmSync(join(directory, file));
};

test('a lost index is rebuilt from the folders, including search terms', async () => {
  const directory = newFolder();
  const gateway = await startTestGateway({ directory });
  await gateway.take([...capturedOf('full'), ...capturedOf('flush')]);
  const before = gateway.store.index.summaries().sort((a, b) => (a.id < b.id ? -1 : 1));
  await gateway.close();
  deleteIndex(directory);
  mkdirSync(join(directory, 'sessions/AJ_half'));
  const store = await open(directory);
  expect(store.index.summaries().sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual(before);
  expect(store.index.searchTerms('AJ_full')).toContain(' dragon');
});

test('the index of many sessions is rebuilt completely, and loaded at the next start', async () => {
  const directory = newFolder();
  const store = await open(directory);
  const ids = Array.from({ length: 70 }, (_, n) => `AJ_${n}`);
  for (const id of ids) {
    await store.apply(batchOf(id, withText(`word${id.slice(3)}`)), 'a');
  }
  deleteIndex(directory);
  await open(directory);
  const read = vi.spyOn(SessionFiles.prototype, 'readState');
  const { index } = await open(directory);
  expect(read.mock.calls.length).toBe(0);
  read.mockRestore();
  expect(index.size).toBe(70);
  expect(ids.filter((id) => index.searchTerms(id) !== ` word${id.slice(3)}`)).toEqual([]);
});

test('a session with unreadable files does not affect others, and is listed again when its files are readable', async () => {
  const directory = newFolder();
  const store = await open(directory);
  for (const id of ['AJ_1', 'AJ_2', 'AJ_3']) await store.apply(batchOf(id, withText(`secret ${id}`)), 'a');
  const damage = (file: string): (() => void) => {
    const path = join(directory, 'sessions', file);
    const whole = readFileSync(path);
    writeFileSync(path, whole.subarray(0, whole.length / 2));
    return () => writeFileSync(path, whole);
  };
  const mends = [damage('AJ_1/transcript.json'), damage('AJ_2/session.json')];
  deleteIndex(directory);

  const lines: string[] = [];
  const { index } = await open(directory, (line) => lines.push(line));
  expect(
    index
      .summaries()
      .map(({ id }) => id)
      .sort(),
  ).toEqual(['AJ_1', 'AJ_3']);
  expect([index.searchTerms('AJ_1'), index.searchTerms('AJ_3')]).toEqual(['', ' secret aj 3']);
  expect(lines.sort()).toEqual([
    'The state of session AJ_2 cannot be read (SyntaxError): it is not listed, and its folder is left as it is.',
    'What was said in session AJ_1 cannot be read (SyntaxError): it is not found by it, and its folder is left as it is.',
  ]);

  for (const mend of mends) mend();
  const { index: again } = await open(directory, (line) => lines.push(line));
  expect(again.size).toBe(3);
  expect(['AJ_1', 'AJ_2', 'AJ_3'].map((id) => again.searchTerms(id))).toEqual([
    ' secret aj 1',
    ' secret aj 2',
    ' secret aj 3',
  ]);
  expect(lines).toHaveLength(2);
});
