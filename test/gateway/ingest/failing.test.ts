import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { sessionOf } from '../../../src/gateway/decode/records.ts';
import { Deferred, isPassing } from '../../../src/gateway/ingest/deferred.ts';
import { Spool } from '../../../src/gateway/spool/spool.ts';
import { SessionStore } from '../../../src/gateway/store/session-store.ts';
import { BucketError } from '../../../src/objects/bucket.ts';
import { type Running, startTestGateway } from '../running.ts';
import { listenBucket } from '../store/bucket.ts';
import { capturedOf, one, upload } from '../uploads.ts';

afterEach(() => void vi.restoreAllMocks());

const failing = (code: string) => Object.assign(new Error(code), { code, syscall: 'open', errno: -1 });
const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 30_000, interval: 20 });
const processed = (gateway: Running, result: string) =>
  gateway.metric('talkgauge_gateway_processed_total', { result });
const deadLetterReasons = ({ directory }: Running) =>
  readdirSync(join(directory, 'dead-letter'))
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(directory, 'dead-letter', name), 'utf8')).reason);

/** Makes the store fail for batches of a session until `works` is set or the test ends. @returns the number of attempts */
function failFor(id: string, error: Error): { attempts: number; works: boolean } {
  const state = { attempts: 0, works: false };
  const apply = SessionStore.prototype.apply;
  vi.spyOn(SessionStore.prototype, 'apply').mockImplementation(function (this: SessionStore, batch, entry) {
    if (state.works || sessionOf(batch.identity) !== id) return apply.call(this, batch, entry);
    state.attempts++;
    return Promise.reject(error);
  });
  return state;
}

test('uploads of a session that cannot be stored wait in order, without delaying other sessions', async () => {
  const gateway = await startTestGateway();
  const inTheWay = join(gateway.directory, 'sessions/AJ_full');
  writeFileSync(inTheWay, '');
  for (const request of capturedOf('full')) await upload(gateway.url, request);
  for (const request of capturedOf('flush')) await upload(gateway.url, request);
  const { length } = capturedOf('flush');
  await until(async () => expect(await processed(gateway, 'ok')).toBe(length));
  const { sessions } = await gateway.json('/api/sessions');
  expect(sessions.map(({ id }: { id: string }) => id)).toEqual(['AJ_flush']);
  rmSync(inTheWay);
  await gateway.drained(60_000);
  expect(await processed(gateway, 'ok')).toBe(length + capturedOf('full').length);
  expect(await processed(gateway, 'failed')).toBe(0);
  expect(await gateway.json('/api/sessions/AJ_full')).toMatchObject({ turns: 6, hasReport: true });
  // One log line for all waiting uploads and all attempts.
  expect(gateway.lines).toEqual([
    expect.stringMatching(
      /^An upload of \w+ cannot be stored now \(E\w+\); it waits in the spool, and is tried again$/,
    ),
  ]);
});

test('an upload that fails to be stored for another reason than the disk goes to the dead-letter folder after five attempts', async () => {
  const gateway = await startTestGateway();
  const state = failFor('AJ_full', new TypeError('a fault'));
  await upload(gateway.url, one('full-02-traces'));
  await upload(gateway.url, one('flush-01-logs'));
  await until(async () => expect(await processed(gateway, 'ok')).toBe(1));
  await until(async () => expect(await processed(gateway, 'failed')).toBe(1));
  expect(state.attempts).toBe(5);
  expect(deadLetterReasons(gateway)).toEqual(['TypeError']);
});

test('an upload nested too deeply to be serialized is malformed at the first attempt', async () => {
  const gateway = await startTestGateway();
  const state = failFor('AJ_full', new RangeError('Maximum call stack size exceeded'));
  await gateway.take([one('full-02-traces')]);
  expect([state.attempts, await processed(gateway, 'malformed')]).toEqual([1, 1]);
  expect(deadLetterReasons(gateway)).toEqual(['RangeError']);
});

test.each(['EIO', 'EMFILE', 'ENOSPC', 'EROFS'])('%s is temporary: no upload is dropped', async (code) => {
  const gateway = await startTestGateway();
  const state = failFor('AJ_full', failing(code));
  await upload(gateway.url, one('full-02-traces'));
  await until(() => expect(state.attempts).toBeGreaterThan(2));
  state.works = true;
  await gateway.drained(30_000);
  expect([await processed(gateway, 'ok'), await processed(gateway, 'failed')]).toEqual([1, 0]);
});

test('audio that cannot be written temporarily is stored later, and is not treated as too large', async () => {
  const gateway = await startTestGateway();
  const staging = join(gateway.directory, 'staging');
  rmSync(staging, { recursive: true });
  await upload(gateway.url, one('flush-04-recordings'));
  await until(() => expect(gateway.lines).toHaveLength(1));
  expect(gateway.lines[0]).toContain('An upload of recordings cannot be stored now (ENOENT)');
  mkdirSync(staging);
  await gateway.drained(30_000);
  const session = await gateway.json('/api/sessions/AJ_flush');
  expect(session.hasAudio).toBe(true);
  expect(session.audioDropped).toBeUndefined();
});

test('a late upload of an archived session waits until the bucket is reachable', async () => {
  const bucket = await listenBucket();
  const gateway = await startTestGateway({ objects: bucket.options });
  await gateway.take(capturedOf('full').filter(({ name }) => name !== 'full-02-traces'));
  await gateway.store.archive('AJ_full');
  const { spans: before } = await gateway.json('/api/sessions/AJ_full/trace');
  bucket.away = true;
  await upload(gateway.url, one('full-02-traces'));
  await upload(gateway.url, one('flush-01-logs'));
  await until(() => expect(gateway.lines.join()).toContain('An upload of traces cannot be stored now'));
  await until(async () => expect((await gateway.json('/api/sessions')).total).toBe(2));
  bucket.away = false;
  await gateway.drained(60_000);
  expect([await processed(gateway, 'failed'), await processed(gateway, 'malformed')]).toEqual([0, 0]);
  const { spans } = await gateway.json('/api/sessions/AJ_full/trace');
  expect(spans.length).toBeGreaterThan(before.length);
});

test('an upload whose spool file cannot be removed counts once, and the file is removed later', async () => {
  const gateway = await startTestGateway();
  const remove = vi.spyOn(Spool.prototype, 'remove').mockRejectedValueOnce(failing('EIO'));
  await gateway.take([one('full-02-traces'), one('flush-01-logs')]);
  expect(remove).toHaveBeenCalledTimes(3);
  expect(await processed(gateway, 'ok')).toBe(2);
  expect(readdirSync(join(gateway.directory, 'spool'))).toEqual([]);
  expect(gateway.lines).toEqual(['An upload cannot be removed from the spool (EIO); it is tried again']);
});

describe('a deferred upload', () => {
  const entry = (n: number) => ({ id: `000000000000${n}-000000`, path: '', bytes: 1, cut: false });
  const day = 86_400_000;

  test('is dropped after a day if the disk, the network or the bucket fails', () => {
    const away = new BucketError(503, 'SlowDown');
    const deferred = new Deferred();
    for (const now of [0, 1000, day - 1]) expect(deferred.failed(entry(1), away, ['a'], now)).toBe(false);
    expect(deferred.failed(entry(1), away, ['a'], day)).toBe(true);
  });

  test('is dropped after five attempts for other errors', () => {
    const deferred = new Deferred();
    const given = [1, 2, 3, 4, 5].map((now) => deferred.failed(entry(1), new TypeError(), ['a'], now));
    expect(given).toEqual([false, false, false, false, true]);
  });

  test('is retried with increasing delays of at most 30 seconds', () => {
    const deferred = new Deferred();
    const waits = [...Array(10)].map(() => {
      deferred.failed(entry(1), failing('EIO'), [], 0);
      return deferred.dueAt(entry(1));
    });
    expect(waits).toEqual([250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  });

  test('delays later uploads of its session, and no others', () => {
    const deferred = new Deferred();
    deferred.failed(entry(2), failing('EIO'), ['a'], 0);
    expect(deferred.isHeld(entry(3).id, ['b', 'a'])).toBe(true);
    expect([deferred.isHeld(entry(3).id, ['b']), deferred.isHeld(entry(1).id, ['a'])]).toEqual([
      false,
      false,
    ]);
    deferred.hold(entry(3), ['a'], 5);
    expect([deferred.dueAt(entry(3)), deferred.dueAt(entry(4))]).toEqual([undefined, 0]);
    deferred.forget(entry(2));
    expect(deferred.dueAt(entry(3))).toBe(5);
  });

  test.each([
    [failing('EDQUOT'), true],
    [failing('ECONNREFUSED'), true],
    [Object.assign(new Error(), { code: 'ETIMEDOUT' }), true],
    [new BucketError(403, undefined), true],
    [Object.assign(new Error(), { code: 'Z_DATA_ERROR' }), false],
    [Object.assign(new Error(), { code: 'ERR_BUFFER_TOO_LARGE' }), false],
    [new SyntaxError('text'), false],
  ])('whether %o is temporary: %s', (error, temporary) => {
    expect(isPassing(error)).toBe(temporary);
  });
});
