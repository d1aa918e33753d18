import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { type Peaks, peaksOf } from '../../../src/gateway/audio/peaks.ts';
import { Waveforms } from '../../../src/gateway/audio/waveforms.ts';
import { emptyBatch } from '../../../src/gateway/decode/records.ts';
import { type Running, startTestGateway } from '../running.ts';
import { pagesOf } from './ogg.ts';

/** A gateway with a session for each of these jobs, each with `bytes` as its recording. */
async function withRecordings(jobs: readonly string[], bytes: Uint8Array): Promise<Running> {
  const gateway = await startTestGateway();
  for (const jobId of jobs) {
    const path = join(gateway.directory, `${jobId}.ogg`);
    writeFileSync(path, bytes);
    const identity = { jobId, redacted: false, simulated: false };
    await gateway.store.apply({ ...emptyBatch(identity), audio: { path, bytes: bytes.length } }, jobId);
  }
  return gateway;
}

const peaks: Peaks = { duration: 0, bucketSeconds: 0.05, channels: [] };

/** Ten hours in a megabyte: two bytes encode 120 ms, 48 empty frames of 2.5 ms. */
function tenHours(): Buffer {
  const head = Buffer.alloc(19);
  head.write('OpusHead', 'latin1');
  head[9] = 2;
  const lean = Array.from({ length: 300_000 }, () => Uint8Array.of(0xe3, 48));
  return pagesOf([head, Buffer.from('OpusTags'), ...lean], 255);
}

describe('waveforms', () => {
  test('are decoded once, one at a time, with a bounded queue', async () => {
    const ids = Array.from({ length: 9 }, (_, at) => `AJ_${at}`);
    const gateway = await withRecordings(ids, Buffer.from('as if'));
    let resolve: (peaks: Peaks) => void = () => {};
    const promise = new Promise<Peaks>((done) => {
      resolve = done;
    });
    let decoded = 0;
    const waveforms = new Waveforms(gateway.store, {
      decode: () => {
        decoded++;
        return promise;
      },
    });
    const asked = ids.slice(0, 8).flatMap((id) => [waveforms.of(id, 60_000), waveforms.of(id, 60_000)]);
    expect(await waveforms.of('AJ_0', 1)).toEqual({ state: 'preparing' });
    await expect.poll(() => waveforms.of('AJ_8', 1)).toEqual({ state: 'busy' });
    expect(decoded).toBe(1);
    resolve(peaks);
    expect(await Promise.all(asked)).toEqual(asked.map(() => ({ state: 'ready', peaks })));
    expect(decoded).toBe(8);
    await waveforms.close();
  });

  test('a recording that takes too long is aborted for the next, and retried later', async () => {
    const gateway = await withRecordings(['AJ_long', 'AJ_next'], tenHours());
    const decode = vi.fn(peaksOf);
    const waveforms = new Waveforms(gateway.store, { decode, limit: 500 });
    const long = waveforms.of('AJ_long', 60_000);
    await expect.poll(() => decode.mock.calls.length).toBe(1);
    decode.mockResolvedValueOnce(peaks);
    const next = waveforms.of('AJ_next', 60_000);
    expect(await long).toEqual({ state: 'slow' });
    expect(await next).toEqual({ state: 'ready', peaks });
    expect(await waveforms.of('AJ_long', 60_000)).toEqual({ state: 'slow' });
    expect(decode).toHaveBeenCalledTimes(2);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_001 });
    try {
      decode.mockResolvedValueOnce(peaks);
      expect(await waveforms.of('AJ_long', 60_000)).toEqual({ state: 'ready', peaks });
    } finally {
      vi.useRealTimers();
    }
    await waveforms.close();
  });

  test('a decoder that does not answer is aborted at its timeout', async () => {
    const gateway = await withRecordings(['AJ_1'], Buffer.from('as if'));
    const decode = (_input: unknown, signal: AbortSignal) =>
      new Promise<Peaks>((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    const waveforms = new Waveforms(gateway.store, { decode, limit: 50 });
    expect(await waveforms.of('AJ_1', 60_000)).toEqual({ state: 'slow' });
    await waveforms.close();
  });
});
