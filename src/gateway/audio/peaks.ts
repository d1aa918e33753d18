import { OpusDecoderWebWorker } from 'opus-decoder';
import { oggPackets, UnreadableAudio } from './ogg-packets.ts';

/** The loudness of a recording over time: the lowest and the highest sample of each bucket. */
export interface Peaks {
  /** The length of the recording in seconds, at most ten hours. */
  duration: number;
  /** The length of a bucket. */
  bucketSeconds: number;
  channels: readonly {
    of: 'user' | 'agent' | 'both';
    /** Percent of full scale, −100 to 100. */
    min: readonly number[];
    max: readonly number[];
  }[];
}

const sampleRate = 48_000;
/** 50 ms, which are a few pixels when a turn fills the screen. */
const finest = 0.05;
/** Half an hour at the finest resolution; longer recordings have fewer buckets per second. */
const maxBuckets = 36_000;
/** Packets per message to the decoder: one second, since both SDKs write Opus packets of 20 ms. */
const packetsAtOnce = 50;
/** More than Opus needs for 120 ms of stereo at its highest rate; the decoder's buffer has this size. */
const maxPacketBytes = 3840;
/** Maximum number of packets that are too long or cannot be decoded, which become silence; with more, decoding fails. */
const maxErrors = 50;
/**
 * Maximum decoded seconds of a recording: ten hours. Two bytes can be 120 ms of audio, and other recordings wait meanwhile.
 */
const maxDecodedSeconds = 36_000;
/** The decoder's timeout for one second of audio, on a busy machine, too. */
const decoderTimeoutMs = 60_000;

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

  /** Merges each pair of buckets. */
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

/** Buckets that get coarser as the recording gets longer, so that its length need not be known in advance. */
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

  /** Whether further audio is ignored. */
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

/** The content of `OpusHead`: the number of channels, and of samples to skip (RFC 7845). */
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
 * @param signal aborts the decoding
 * @param maxSeconds decoded; the rest is omitted
 * @throws UnreadableAudio if it is not Ogg Opus; Error if it was aborted
 */
export async function peaksOf(
  input: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
  maxSeconds = maxDecodedSeconds,
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
    // Its own `free` waits for a response, which a failed thread does not send.
    (decoder as unknown as { terminate(): void } | undefined)?.terminate();
    // Otherwise the file stays open if it is not Opus.
    await packets.return(undefined);
  }
}

/** Batches of packets for the decoder; `tooLong`: the number of packets that exceed its buffer. */
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

/** The decoder's thread does not report its failure. */
async function inTime<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  let end = () => {};
  const ended = new Promise<never>((_resolve, reject) => {
    const timer = setTimeout(
      () => reject(new UnreadableAudio('the decoder does not answer')),
      decoderTimeoutMs,
    );
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
