import { randomUUID } from 'node:crypto';
import type { Plain } from '../decode/attribute-value.ts';
import type { RecordingHeader } from '../decode/recording-header.ts';

/** A recording as an SDK uploads it, of parts that were changed. The report in the header stays out of it. */
export function multipartOf(
  header: RecordingHeader,
  history: Plain | undefined,
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
