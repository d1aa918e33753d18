import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { AttributeValue } from '../decode/attribute-value.ts';
import { chatItemsOfHistory } from '../decode/chat-item.ts';
import { decompressed } from '../decode/decode-limits.ts';
import { type Identity, merged } from '../decode/identity.ts';
import { MetricRequest } from '../decode/otlp-schema.ts';
import { audioStart, type Recording, type RecordingHeader, readRecording } from '../decode/recording.ts';
import { type AudioFile, emptyBatch, type SessionBatch, sessionOf } from '../decode/records.ts';
import { addLog, logsOf, metricsOf, spanRecordOf, spansOf } from '../decode/signals.ts';
import type { Forwarder } from '../forward/forwarder.ts';
import { logRequest, traceRequest } from '../forward/otlp-request.ts';
import type { UploadKind } from '../receive/endpoints.ts';
import type { Limits } from '../receive/limits.ts';
import { redactHistory, redactLog, redactSpan } from '../redact/redaction.ts';
import { type Entry, type Meta, readBody, streamBody } from '../spool/spool.ts';

export interface ProcessUploadOptions {
  limits: Limits;
  forwarder: Forwarder;
  /** Whether a session is known to be redacted, from earlier uploads. */
  isRedacted: (session: string) => boolean;
  /** The identity of a session from earlier uploads: logs of Node.js do not contain it. */
  known: (session: string) => Partial<Identity>;
  /** The trace of a session, if it is known when its log lines are forwarded. */
  traceOf: (session: string) => Promise<string | undefined>;
  keepRedactedAudio: boolean;
  /** A folder for temporary audio files, on the disk of the sessions. */
  staging: string;
}

/** The content of an upload: for the store, and for the backends. */
export interface ProcessedUpload {
  batches: SessionBatch[];
  withoutSession: number;
  discarded: ('audio_redacted' | 'audio_cut' | 'history_cut')[];
  /** Forwards it to the backends. */
  forward(): Promise<void>;
}

type Reader = (entry: Entry, meta: Meta, options: ProcessUploadOptions) => Promise<ProcessedUpload>;

async function bodyOf(entry: Entry, meta: Meta, { limits }: ProcessUploadOptions): Promise<Buffer> {
  return decompressed(await readBody(entry), String(meta.encoding), limits.decompressed);
}

/** Determines the records to redact: a flag on one record of this or an earlier upload applies to its whole session. */
function redaction(
  identified: readonly { identity: Identity }[],
  { isRedacted }: ProcessUploadOptions,
): (identity: Identity) => boolean {
  const flagged = new Set(
    identified
      .filter(({ identity }) => identity.redacted)
      .flatMap(({ identity }) => sessionOf(identity) ?? []),
  );
  return (identity) => {
    const session = sessionOf(identity);
    return identity.redacted || (session !== undefined && (flagged.has(session) || isRedacted(session)));
  };
}

/** A record's identity, completed with the known identity of its session. */
function complete<T extends { identity: Identity }>(identified: T[], { known }: ProcessUploadOptions): T[] {
  for (const record of identified) {
    const session = sessionOf(record.identity);
    if (session !== undefined) record.identity = { ...known(session), ...record.identity };
  }
  return identified;
}

/** Redacts the records of redacted sessions. @returns whether there were any */
function redactFlagged<T extends { identity: Identity }>(
  identified: readonly T[],
  redact: (record: T) => void,
  options: ProcessUploadOptions,
): boolean {
  const isFlagged = redaction(identified, options);
  const flagged = identified.filter(({ identity }) => isFlagged(identity));
  for (const record of flagged) {
    redact(record);
    record.identity = redactedIdentity(record.identity);
  }
  return flagged.length > 0;
}

const redactedIdentity = (identity: Identity): Identity => ({
  ...identity,
  roomName: undefined,
  redacted: true,
});

/** Forwards an upload as received, or rewritten if it was redacted. */
async function forwardUpload(
  entry: Entry,
  meta: Meta,
  forwarder: Forwarder,
  rewritten: (() => { toBinary(): Uint8Array }) | undefined,
): Promise<void> {
  if (!forwarder.forwardsUploads) return;
  if (!rewritten) {
    const stream = await streamBody(entry);
    // The body is not read if the queue has no space.
    return forwarder.upload(entry.id, meta, stream, entry.bytes).finally(() => stream.destroy());
  }
  const body = rewritten().toBinary();
  await forwarder.upload(
    entry.id,
    { ...meta, encoding: '', type: 'application/x-protobuf' },
    [body],
    body.length,
  );
}

const traces: Reader = async (entry, meta, options) => {
  const identified = complete(spansOf(await bodyOf(entry, meta, options)), options);
  const redacted = redactFlagged(identified, redactSpan, options);
  const batches = new Batches();
  for (const { identity, wire } of identified) batches.of(identity)?.spans.push(spanRecordOf(wire));
  return {
    batches: batches.all(),
    withoutSession: batches.withoutSession,
    discarded: [],
    async forward() {
      await options.forwarder.spans(entry.id, identified);
      await forwardUpload(
        entry,
        meta,
        options.forwarder,
        redacted ? () => traceRequest(identified) : undefined,
      );
    },
  };
};

const logs: Reader = async (entry, meta, options) => {
  const json = String(meta.type).includes('json');
  const identified = complete(logsOf(await bodyOf(entry, meta, options), json), options);
  const redacted = redactFlagged(identified, redactLog, options);
  const batches = new Batches();
  for (const log of identified) {
    const batch = batches.of(log.identity);
    if (batch) addLog(batch, log);
  }
  return {
    batches: batches.all(),
    withoutSession: batches.withoutSession,
    discarded: [],
    async forward() {
      await options.forwarder.logs(entry.id, identified, options.traceOf);
      await forwardUpload(
        entry,
        meta,
        options.forwarder,
        redacted ? () => logRequest(identified) : undefined,
      );
    },
  };
};

const metrics: Reader = async (entry, meta, options) => {
  const body = await bodyOf(entry, meta, options);
  const batches = new Batches();
  for (const { identity, point } of metricsOf(body)) batches.of(identity)?.metrics.push(point);
  return {
    batches: batches.all(),
    withoutSession: batches.withoutSession,
    discarded: [],
    async forward() {
      await options.forwarder.metrics(entry.id, MetricRequest.fromBinary(body));
      await forwardUpload(entry, meta, options.forwarder, undefined);
    },
  };
};

const recordings: Reader = async (entry, meta, options) => {
  const { limits, keepRedactedAudio, staging, isRedacted } = options;
  const audioPath = join(staging, `${entry.id}.ogg`);
  const recording = await readRecording(await streamBody(entry), String(meta.type), audioPath, limits.parts);
  const { header } = recording;
  const sent: Identity = {
    roomId: header.roomId || undefined,
    jobId: header.jobId || undefined,
    roomName: header.roomName || undefined,
    redacted: header.redactionEnabled,
    simulated: header.simulated,
  };
  const session = sessionOf(sent);
  const redacted = sent.redacted || (session !== undefined && isRedacted(session));
  const discarded: ProcessedUpload['discarded'] = recording.cut.map((part) => `${part}_cut` as const);
  const batches = new Batches();
  const batch = batches.of(redacted ? redactedIdentity(sent) : sent);
  if (batch) {
    batch.recorded = true;
    const history = redacted && recording.history ? redactHistory(recording.history) : recording.history;
    if (history) batch.items = chatItemsOfHistory(history);
    batch.audio = audioOf(recording, audioPath);
    if (recording.cut.includes('audio')) batch.audioDropped = 'too_large';
    if (batch.audio && redacted && !keepRedactedAudio) {
      batch.audio = undefined;
      batch.audioDropped = 'redacted';
      discarded.push('audio_redacted');
    }
  }
  return {
    batches: batches.all(),
    withoutSession: batches.withoutSession,
    discarded,
    async forward() {
      if (!redacted || !options.forwarder.forwardsUploads)
        return forwardUpload(entry, meta, options.forwarder, undefined);
      // The audio was moved into its session, so that it is read from the upload again.
      const again = `${audioPath}.forwarded`;
      try {
        if (batch?.audio)
          await readRecording(await streamBody(entry), String(meta.type), again, limits.parts);
        const history = recording.history && redactHistory(recording.history);
        const parts = multipartOf(header, history, batch?.audio && createReadStream(again));
        await options.forwarder.upload(entry.id, { ...meta, type: parts.type }, parts.body, entry.bytes);
      } finally {
        await rm(again, { force: true });
      }
    },
  };
};

function audioOf({ header, audioBytes }: Recording, path: string): AudioFile | undefined {
  return audioBytes ? { path, bytes: audioBytes, start: audioStart(header) } : undefined;
}

const readers: Readonly<Record<UploadKind, Reader>> = { traces, logs, metrics, recordings };

/**
 * Reads a spooled upload, without the data that must not be stored.
 *
 * @throws Error if it is malformed, or the file system fails
 */
export const processUpload = (
  entry: Entry,
  meta: Meta,
  options: ProcessUploadOptions,
): Promise<ProcessedUpload> => readers[meta.kind as UploadKind](entry, meta, options);

/** The content of an upload by session. */
export class Batches {
  readonly #bySession = new Map<string, SessionBatch>();
  /** Records that belong to no session. */
  withoutSession = 0;

  /** The batch of a record's session; undefined if it has none. */
  of(identity: Identity): SessionBatch | undefined {
    const session = sessionOf(identity);
    if (session === undefined) {
      this.withoutSession++;
      return undefined;
    }
    const batch = this.#bySession.get(session) ?? emptyBatch(identity);
    batch.identity = merged(batch.identity, identity);
    this.#bySession.set(session, batch);
    return batch;
  }

  all(): SessionBatch[] {
    return [...this.#bySession.values()];
  }
}

/** A multipart recording as an SDK uploads it, made from the redacted parts. The report in the header is omitted. */
export function multipartOf(
  header: RecordingHeader,
  history: AttributeValue | undefined,
  audio: AsyncIterable<Uint8Array> | undefined,
): { type: string; body: AsyncIterable<Uint8Array> } {
  const boundary = `talkgauge-${randomUUID()}`;
  const head = (name: string, file: string, type: string): Buffer =>
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"; filename="${file}"\r\nContent-Type: ${type}\r\n\r\n`,
    );
  const end = Buffer.from('\r\n');
  const bare = header.clone();
  bare.sessionSummary = '';
  bare.roomName = '';

  async function* body(): AsyncGenerator<Uint8Array> {
    yield head('header', 'header.binpb', 'application/protobuf');
    yield bare.toBinary();
    yield end;
    if (history !== undefined) {
      yield head('chat_history', 'chat_history.json', 'application/json');
      yield Buffer.from(JSON.stringify(history));
      yield end;
    }
    if (audio) {
      yield head('audio', 'recording.ogg', 'audio/ogg');
      yield* audio;
      yield end;
    }
    yield Buffer.from(`--${boundary}--\r\n`);
  }
  return { type: `multipart/form-data; boundary=${boundary}`, body: body() };
}
