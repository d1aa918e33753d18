import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { oggPackets, UnreadableAudio } from '../../../src/gateway/audio/ogg-packets.ts';
import { type Peaks, peaksOf } from '../../../src/gateway/audio/peaks.ts';
import { emptyBatch } from '../../../src/gateway/decode/records.ts';
import { type Running, startTestGateway } from '../running.ts';
import { capturedOf } from '../uploads.ts';
import { chunks, packetsOf, pagesOf } from './ogg.ts';

async function withRecording(): Promise<{ gateway: Running; folder: string }> {
  const gateway = await startTestGateway();
  await gateway.take(capturedOf('flush'));
  return { gateway, folder: join(gateway.directory, 'sessions/AJ_flush') };
}

const peaksIn = async (gateway: Running): Promise<[number, unknown]> => {
  const response = await fetch(`${gateway.url}/api/sessions/AJ_flush/peaks`);
  return [response.status, await response.json()];
};

describe('packets of an Ogg stream', () => {
  test('are read back unchanged, wherever the stream is split', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 1200 }), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 255 }),
        fc.integer({ min: 1, max: 5000 }),
        async (packets, perPage, size) => {
          expect(await packetsOf(pagesOf(packets, perPage), size)).toEqual(packets);
        },
      ),
    );
  });

  test('a truncated stream ends with its last complete packet', async () => {
    const packets = [new Uint8Array(300).fill(1), new Uint8Array(300).fill(2)];
    const bytes = pagesOf(packets, 2);
    expect(await packetsOf(bytes.subarray(0, bytes.length - 1))).toEqual([packets[0]]);
  });

  test('a packet that is too long is truncated, and the next packets are complete', async () => {
    const packets = [
      new Uint8Array(2000).fill(1),
      new Uint8Array(1000).fill(2),
      new Uint8Array(1001).fill(3),
    ];
    const found = await packetsOf(pagesOf(packets, 2), 700, 1000);
    expect(found).toEqual([packets[0]?.subarray(0, 1001), packets[1], packets[2]]);
  });

  test('an endless packet uses no memory beyond the limit', async () => {
    // The packet begins on a first page and continues on each following page.
    const page = pagesOf([new Uint8Array(255 * 255)], 255).subarray(0, 27 + 255 + 255 * 255);
    async function* endless() {
      for (let at = 0; at < 400; at++) yield page;
      yield pagesOf([new Uint8Array(3)], 255);
    }
    const copied = vi.spyOn(Uint8Array.prototype, 'set');
    const found: Uint8Array[] = [];
    for await (const packets of oggPackets(endless(), 1000)) found.push(...packets);
    const bytes = copied.mock.calls.reduce((sum, [from]) => sum + from.length, 0);
    copied.mockRestore();
    expect(found.map(({ length }) => length)).toEqual([1001]);
    expect(bytes).toBeLessThan(2000);
  });

  test('a file that is not Ogg is refused', async () => {
    await expect(packetsOf(Buffer.from('RIFF and what else a file of another kind has'))).rejects.toThrow(
      UnreadableAudio,
    );
  });
});

describe('the waveform of a recording', () => {
  test('has the user on the left and the agent on the right channel, in buckets of 50 ms', async () => {
    const { gateway } = await withRecording();
    const [status, body] = await peaksIn(gateway);
    const { duration, bucketSeconds, channels } = body as Peaks;
    expect([status, duration, bucketSeconds]).toEqual([200, 7.8335, 0.05]);
    const [user, agent] = channels;
    expect([user?.of, agent?.of]).toEqual(['user', 'agent']);
    expect([user?.max.length, user?.min.length, agent?.max.length]).toEqual([157, 157, 157]);
    // The caller of the recording speaks from 1.4 s to 4.8 s; its agent is silent.
    const loud = user?.max.flatMap((percent, at) => (percent > 5 ? [at * 0.05] : [])) ?? [];
    expect([loud[0], loud.at(-1)]).toEqual([expect.closeTo(1.4, 5), expect.closeTo(4.7, 5)]);
    expect(Math.max(...(user?.max ?? []))).toBe(66);
    expect(Math.max(...(agent?.max ?? []))).toBe(0);
  });

  test('of a long recording has fewer buckets per second', async () => {
    const { folder } = await withRecording();
    const [head, tags, ...frames] = await packetsOf(readFileSync(join(folder, 'audio.ogg')));
    // The silent first frame, repeated: half an hour and 20 ms.
    const silence = Array.from({ length: 90_002 }, () => frames[0] as Uint8Array);
    const bytes = pagesOf([head as Uint8Array, tags as Uint8Array, ...silence], 255);
    const peaks = await peaksOf(chunks(bytes, 65_536), new AbortController().signal);
    expect(peaks.bucketSeconds).toBe(0.1);
    expect(peaks.channels[0]?.max.length).toBe(18_001);
  });

  test('covers the first hours of a recording longer than the decoding limit', async () => {
    const { folder } = await withRecording();
    const [head, tags] = await packetsOf(readFileSync(join(folder, 'audio.ogg')));
    // Two bytes encode 120 ms: 48 empty frames of 2.5 ms.
    const lean = Array.from({ length: 1000 }, () => Uint8Array.of(0xe3, 48));
    const bytes = pagesOf([head as Uint8Array, tags as Uint8Array, ...lean], 255);
    const all = await peaksOf(chunks(bytes, 65_536), new AbortController().signal);
    expect([bytes.length, all.duration]).toEqual([3190, expect.closeTo(120, 0)]);
    const first = await peaksOf(chunks(bytes, 65_536), new AbortController().signal, 10);
    expect([first.duration, first.channels[0]?.max.length]).toEqual([10, 200]);
  });

  test('is not computed from packets longer than Opus allows', async () => {
    const { folder } = await withRecording();
    const [head, tags] = await packetsOf(readFileSync(join(folder, 'audio.ogg')));
    const long = Array.from({ length: 51 }, () => new Uint8Array(3841));
    const bytes = pagesOf([head as Uint8Array, tags as Uint8Array, ...long], 255);
    await expect(peaksOf(chunks(bytes, 65_536), new AbortController().signal)).rejects.toThrow(
      'packets that are not Opus',
    );
  });

  test('closes the file of a recording that is not Opus', async () => {
    const bytes = pagesOf([Buffer.from('no Opus at all, for some bytes'), Buffer.from('and more')], 255);
    let closed = false;
    async function* file() {
      try {
        yield* chunks(bytes, 10);
      } finally {
        closed = true;
      }
    }
    await expect(peaksOf(file(), new AbortController().signal)).rejects.toThrow(UnreadableAudio);
    expect(closed).toBe(true);
  });

  test('is cached, and deleted with the recording', async () => {
    const { gateway, folder } = await withRecording();
    const first = await peaksIn(gateway);
    writeFileSync(join(folder, 'audio.ogg'), 'no longer read');
    expect(await peaksIn(gateway)).toEqual(first);
    await gateway.store.apply(
      emptyBatch({ jobId: 'AJ_flush', redacted: true, simulated: false }),
      'redacted',
    );
    expect(existsSync(join(folder, 'peaks.json'))).toBe(false);
    expect(await peaksIn(gateway)).toEqual([
      404,
      { error: 'The session is redacted, and audio cannot be.', reason: 'redacted' },
    ]);
  });

  test('is computed from the latest upload of the recording', async () => {
    const { gateway, folder } = await withRecording();
    await peaksIn(gateway);
    const path = join(gateway.directory, 'other.ogg');
    writeFileSync(path, readFileSync(join(folder, 'audio.ogg')).subarray(0, 60_000));
    const identity = { jobId: 'AJ_flush', redacted: false, simulated: false };
    await gateway.store.apply({ ...emptyBatch(identity), audio: { path, bytes: 60_000 } }, 'other');
    const [, body] = await peaksIn(gateway);
    expect((body as Peaks).duration).toBeLessThan(7);
  });

  test.each([
    ['no Ogg', Buffer.from('RIFF and what else a file of another kind has')],
    ['nothing', Buffer.alloc(0)],
    ['Ogg with something else in it', pagesOf([Buffer.from('\x80theora and so on, for some bytes')], 255)],
  ])('of what is %s is refused, and it says why', async (_what, bytes) => {
    const { gateway, folder } = await withRecording();
    writeFileSync(join(folder, 'audio.ogg'), bytes);
    const refused = [
      409,
      { error: 'The recording cannot be decoded: it is no Ogg Opus', reason: 'unreadable' },
    ];
    expect(await peaksIn(gateway)).toEqual(refused);
    expect(await peaksIn(gateway)).toEqual(refused);
    expect(gateway.lines).toEqual([]);
  });

  test('a session without a recording says why there is none', async () => {
    const gateway = await startTestGateway();
    await gateway.take(capturedOf('full'));
    const response = await fetch(`${gateway.url}/api/sessions/AJ_full/peaks`);
    expect([response.status, await response.json()]).toEqual([
      404,
      { error: 'Recording was started without audio, or nothing was said.', reason: 'not_recorded' },
    ]);
  });
});
