import { createWriteStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Message, MessageType } from '@bufbuild/protobuf';
import busboy from 'busboy';
import type { AttributeValue } from './attribute-value.ts';
import { checkJsonLimits, checkProtobufLimits, maxDepthOfValue } from './decode-limits.ts';
import { makeMessageType, message, scalar } from './otlp-schema.ts';

/** The maximum size of each part of an uploaded recording, in bytes. */
export interface PartLimits {
  header: number;
  history: number;
  audio: number;
}

/** An uploaded recording. Missing parts were not sent, or were truncated. */
export interface Recording {
  header: RecordingHeader;
  history?: AttributeValue;
  /** Bytes of audio in the given file. */
  audioBytes?: number;
  /** Parts that exceeded their limit, or did not arrive completely. */
  cut: ('history' | 'audio')[];
}

/** A part in memory; undefined: it is larger than `most` bytes, and was discarded. */
async function collect(stream: Readable, most: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= most) chunks.push(chunk);
    else chunks.length = 0;
  }
  return bytes <= most ? Buffer.concat(chunks) : undefined;
}

/**
 * Reads the parts `header`, `chat_history` and `audio` of a multipart body, in any order.
 *
 * @param body the uploaded body, which may end early
 * @param contentType with the boundary
 * @param audioPath the file for the audio, if there is any
 * @throws Error if it is no multipart body, has no header, or has too many parts in one of its parts
 */
export async function readRecording(
  body: Readable,
  contentType: string,
  audioPath: string,
  limits: PartLimits,
): Promise<Recording> {
  const most = Math.max(limits.header, limits.history, limits.audio);
  const parser = busboy({
    headers: { 'content-type': contentType },
    limits: { fileSize: most, fieldSize: limits.history, parts: 20 },
  });
  const parts: Promise<void>[] = [];
  const kept: { header?: Buffer; history?: Buffer; audioBytes?: number } = {};
  const cut: Recording['cut'] = [];

  const text = async (stream: Readable, name: 'header' | 'history') => {
    const bytes = await collect(stream, limits[name]).catch(() => undefined);
    if (bytes) kept[name] = bytes;
    else if (name === 'history') cut.push(name);
  };
  const audio = async (stream: Readable & { truncated?: boolean }) => {
    let bytes = 0;
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    const whole = await pipeline(stream, createWriteStream(audioPath, { mode: 0o600 })).then(
      () => !stream.truncated && bytes <= limits.audio,
      (error: NodeJS.ErrnoException) => {
        // Errors of the system, such as a full disk or too many open files, are not the upload's fault: it is retried
        // later.
        if (error.syscall === undefined && error.errno === undefined) return false;
        body.destroy();
        throw error;
      },
    );
    if (whole && bytes > 0) kept.audioBytes = bytes;
    else if (!whole) cut.push('audio');
  };

  const begin = (part: Promise<void>) => {
    parts.push(part);
    // Errors are thrown below, after the whole body has been read.
    part.catch(() => {});
  };
  parser.on('file', (name, stream) => {
    if (name === 'header') begin(text(stream, 'header'));
    else if (name === 'chat_history') begin(text(stream, 'history'));
    else if (name === 'audio') begin(audio(stream));
    else stream.resume();
  });
  parser.on('field', (name, value, { valueTruncated }) => {
    if (name === 'chat_history' && !valueTruncated) kept.history = Buffer.from(value);
  });
  // The parser fails on a truncated body; the parts before the end are complete.
  await pipeline(body, parser).catch(() => {});
  await Promise.all(parts);
  if (!kept.header) throw new Error('it has no header');
  checkProtobufLimits(kept.header, RecordingHeader);
  const header = RecordingHeader.fromBinary(kept.header);
  if (kept.history) checkJsonLimits(kept.history, undefined, maxDepthOfValue);
  return {
    header,
    history: kept.history && (JSON.parse(kept.history.toString()) as AttributeValue),
    audioBytes: kept.audioBytes,
    cut,
  };
}

interface Timestamp extends Message<Timestamp> {
  seconds: bigint;
  nanos: number;
}
export interface RecordingHeader extends Message<RecordingHeader> {
  roomId: string;
  /** Milliseconds (Python), 0 (Node.js). */
  duration: bigint;
  /** The start time of the recorder; 1970 if there is no audio. */
  startTime?: Timestamp;
  roomName: string;
  jobId: string;
  simulated: boolean;
  redactionEnabled: boolean;
  /** The session report as JSON, without its history (Python). */
  sessionSummary: string;
}

const Timestamp: MessageType<Timestamp> = makeMessageType('google.protobuf.Timestamp', () => [
  scalar(1, 'seconds', 'int64'),
  scalar(2, 'nanos', 'int32'),
]);

/** `livekit.MetricsRecordingHeader`, the first part of an uploaded recording. */
export const RecordingHeader: MessageType<RecordingHeader> = makeMessageType(
  'livekit.MetricsRecordingHeader',
  () => [
    scalar(1, 'room_id', 'string'),
    scalar(3, 'duration', 'int64'),
    message(4, 'start_time', Timestamp),
    scalar(6, 'room_name', 'string'),
    scalar(8, 'job_id', 'string'),
    scalar(9, 'simulated', 'bool'),
    scalar(10, 'redaction_enabled', 'bool'),
    scalar(11, 'session_summary', 'string'),
  ],
);

/** The start of the audio in unix seconds; undefined: no audio. */
export function audioStart({ startTime }: RecordingHeader): number | undefined {
  const at = Number(startTime?.seconds ?? 0n) + (startTime?.nanos ?? 0) / 1e9;
  return at > 0 ? at : undefined;
}
