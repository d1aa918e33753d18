import { OpusDecoderWebWorker } from 'opus-decoder';
import { oggPackets, UnreadableAudio } from './ogg-packets.ts';

/** How loud a recording is over its time: the lowest and the highest sample of each bucket. */
export interface Peaks {
  /** Of the recording, in seconds; ten hours of a longer one. */
  duration: number;
  /** What one bucket covers. */
  bucketSeconds: number;
  channels: readonly {
    of: 'user' | 'agent' | 'both';
    /** Percent of the loudest that can be, −100 to 100. */
    min: readonly number[];
    max: readonly number[];
  }[];
}

const sampleRate = 48_000;
/** 50 ms, which are some pixels where a turn fills the screen. */
const finest = 0.05;
/** Half an hour of the finest; longer recordings have fewer buckets in a second. */
const maxBuckets = 36_000;
/** Opus packets are 20 ms with both SDKs: a second in one message to the decoder. */
const packetsAtOnce = 50;
/** More than Opus makes of 120 ms of stereo at its highest rate; the decoder's buffer is no larger. */
const maxPacketBytes = 3840;
/** Packets that are too long or cannot be decoded, and are silence, before the whole recording is given up. */
const maxErrors = 50;
/** What is decoded of a recording, in seconds: ten hours, for two bytes can be 120 ms, and others wait meanwhile. */
const mostSeconds = 36_000;
/** Within what a second of audio is decoded, however busy the machine is. */
const answerMs = 60_000;

/** The buckets of one channel. */
class Channel {
  readonly min: number[] = [];
  readonly max: number[] = [];

  add(bucket: number, samples: Float32Array, from: number, to: number): void {
    let low = this.min[bucket] ?? 0;
    let high = this.max[bucket] ?? 0;
    for (let at = from; at < to; at++) {
      const sample = samples[at] as number;
      if (sample < low) low = sample;
      else if (sample > high) high = sample;
    }
    this.min[bucket] = low;
    this.max[bucket] = high;
  }

  /** Makes one bucket of each two. */
  halve(): void {
    const half = Math.ceil(this.min.length / 2);
    for (let at = 0; at < half; at++) {
      this.min[at] = Math.min(this.min[2 * at] as number, this.min[2 * at + 1] ?? 0);
      this.max[at] = Math.max(this.max[2 * at] as number, this.max[2 * at + 1] ?? 0);
    }
    this.min.length = half;
    this.max.length = half;
  }
}

const percent = (sample: number): number => Math.round(Math.max(-1, Math.min(1, sample)) * 100);

/** Buckets that get coarser as the recording gets longer, so that its length need not be known. */
class Buckets {
  readonly #channels: readonly Channel[];
  readonly #maxSamples: number;
  #samplesIn = finest * sampleRate;
  #samples = 0;

  constructor(channels: number, maxSeconds: number) {
    this.#maxSamples = maxSeconds * sampleRate;
    this.#channels = Array.from({ length: channels }, () => new Channel());
  }

  add(decoded: readonly Float32Array[], decodedSamples: number): void {
    const count = Math.min(decodedSamples, this.#maxSamples - this.#samples);
    for (let at = 0; at < count; ) {
      const bucket = Math.floor(this.#samples / this.#samplesIn);
      if (bucket >= maxBuckets) {
        for (const channel of this.#channels) channel.halve();
        this.#samplesIn *= 2;
        continue;
      }
      const to = Math.min(count, at + (bucket + 1) * this.#samplesIn - this.#samples);
      for (const [index, channel] of this.#channels.entries())
        channel.add(bucket, decoded[index] as Float32Array, at, to);
      this.#samples += to - at;
      at = to;
    }
  }

  /** Whether more changes nothing. */
  get full(): boolean {
    return this.#samples >= this.#maxSamples;
  }

  peaks(): Peaks {
    // Both SDKs record the user on the left and the agent on the right.
    const names = this.#channels.length === 1 ? (['both'] as const) : (['user', 'agent'] as const);
    return {
      duration: this.#samples / sampleRate,
      bucketSeconds: this.#samplesIn / sampleRate,
      channels: names.map((of, index) => ({
        of,
        min: (this.#channels[index] as Channel).min.map(percent),
        max: (this.#channels[index] as Channel).max.map(percent),
      })),
    };
  }
}

/** What `OpusHead` says: how many channels, and how many samples are to be skipped (RFC 7845). */
function headOf(packet: Uint8Array | undefined): { channels: number; preSkip: number } {
  const head = Buffer.from(packet ?? []);
  const channels = head[9];
  const plain = head.length >= 19 && head.toString('latin1', 0, 8) === 'OpusHead' && head[18] === 0;
  if (!plain || (channels !== 1 && channels !== 2))
    throw new UnreadableAudio('no Opus of one or two channels');
  return { channels, preSkip: head.readUInt16LE(10) };
}

/**
 * Decodes a recording in a worker thread to its peaks.
 *
 * @param signal ends it
 * @param maxSeconds of it that are decoded; what is longer is left out
 * @throws UnreadableAudio if it is no Ogg Opus; Error if it was ended
 */
export async function peaksOf(
  input: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
  maxSeconds = mostSeconds,
): Promise<Peaks> {
  const packets = packetsOf(input);
  let decoder: OpusDecoderWebWorker<typeof sampleRate> | undefined;
  try {
    const { channels, preSkip } = headOf((await packets.next()).value ?? undefined);
    // The second packet is `OpusTags`.
    await packets.next();
    const thread = new OpusDecoderWebWorker({ channels, preSkip, sampleRate });
    decoder = thread;
    const buckets = new Buckets(channels, maxSeconds);
    await inTime(thread.ready, signal);
    let errors = 0;
    for await (const { frames, tooLong } of batchesOf(packets)) {
      signal.throwIfAborted();
      const decoded = await inTime(thread.decodeFrames(frames), signal);
      errors += decoded.errors.length + tooLong;
      if (errors > maxErrors) throw new UnreadableAudio('packets that are not Opus');
      buckets.add(decoded.channelData, decoded.samplesDecoded);
      if (buckets.full) break;
    }
    return buckets.peaks();
  } finally {
    // Its own `free` waits for an answer, which a thread that failed does not give.
    (decoder as unknown as { terminate(): void } | undefined)?.terminate();
    // Else the file of what is no Opus stays open.
    await packets.return(undefined);
  }
}

/** Batches of packets for the decoder; `tooLong`: how many exceed its buffer. */
async function* batchesOf(
  packets: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ frames: Uint8Array[]; tooLong: number }> {
  let batch = { frames: [] as Uint8Array[], tooLong: 0 };
  for await (const packet of packets) {
    if (packet.length > maxPacketBytes) batch.tooLong++;
    else batch.frames.push(packet);
    if (batch.frames.length + batch.tooLong < packetsAtOnce) continue;
    yield batch;
    batch = { frames: [], tooLong: 0 };
  }
  if (batch.frames.length + batch.tooLong > 0) yield batch;
}

async function* packetsOf(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const packets of oggPackets(input, maxPacketBytes)) yield* packets;
}

/** The decoder's thread does not say when it fails. */
async function inTime<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  let end = () => {};
  const ended = new Promise<never>((_resolve, reject) => {
    const timer = setTimeout(() => reject(new UnreadableAudio('the decoder does not answer')), answerMs);
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    };
  });
  return Promise.race([answer, ended]).finally(end);
}
