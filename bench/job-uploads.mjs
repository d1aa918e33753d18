import { readdirSync, readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { gunzipSync, gzipSync } from 'node:zlib';
import { SignJWT } from 'jose';
import { RecordingHeader } from '../build/gateway/decode/recording.js';

/** The API key of the jobs. */
export const key = 'bench';
export const secret = 'a secret of at least thirty-two characters';

const fixtures = new URL('../test/fixtures/insights/', import.meta.url);

const types = {
  traces: { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' },
  metrics: { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' },
  logs: { 'content-type': 'application/json' },
  recordings: { 'content-type': 'multipart/form-data; boundary=bench' },
};

/** Bytes that do not compress, as audio does not, and of which none matters. */
export const noise = (length) => {
  const bytes = Buffer.alloc(length);
  for (let at = 0, x = 1; at < length - 4; at += 4) {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    bytes.writeUInt32LE(x, at);
  }
  return bytes;
};

/** The upload of a recording. */
export function recordingOf(id, audio) {
  const header = new RecordingHeader({
    jobId: `AJ_${id}`,
    roomId: `RM_${id}`,
    startTime: { seconds: 1795346678n, nanos: 0 },
  });
  const part = (name, type, body) => [
    Buffer.from(
      `--bench\r\nContent-Disposition: form-data; name="${name}"; filename="${name}"\r\nContent-Type: ${type}\r\n\r\n`,
    ),
    body,
    Buffer.from('\r\n'),
  ];
  const body = Buffer.concat([
    ...part('header', 'application/protobuf', Buffer.from(header.toBinary())),
    ...part('chat_history', 'application/json', Buffer.from('{"items":[]}')),
    ...part('audio', 'audio/ogg', audio),
    Buffer.from('--bench--\r\n'),
  ]);
  return ['recordings', body];
}

/** A captured upload with another session in it; ids are as long as `full`, so that lengths stay right. */
function captured(name, id) {
  const sent = readFileSync(new URL(`${name}.bin`, fixtures));
  const packed = sent[0] === 0x1f;
  const plain = (packed ? gunzipSync(sent) : sent).toString('latin1');
  const changed = Buffer.from(
    plain.replaceAll('AJ_full', `AJ_${id}`).replaceAll('RM_full', `RM_${id}`),
    'latin1',
  );
  return [name.split('-')[2], packed ? gzipSync(changed) : changed];
}

/** What a job uploads when it ends, in this order. @param id four characters */
export const endOf = (id, audio) => [
  captured('full-06-traces', id),
  captured('full-08-logs', id),
  recordingOf(id, audio),
  captured('full-10-logs', id),
  captured('full-11-metrics', id),
];

/** All that a job of six turns uploads, in this order. @param id four characters */
export const wholeOf = (id, audio) =>
  readdirSync(fixtures)
    .filter((name) => /^full-.*\.bin$/.test(name))
    .sort()
    .flatMap((name) => {
      const upload = captured(name.replace('.bin', ''), id);
      // The recording was captured without its audio, and is not there.
      return name.startsWith('full-10') ? [recordingOf(id, audio), upload] : [upload];
    });

/** Sends uploads to a gateway. */
export class Uploader {
  #agent = new Agent({ keepAlive: true });
  #url;
  #token;

  static async to(url) {
    const uploader = new Uploader();
    uploader.#url = url;
    uploader.#token = await new SignJWT({ observability: { write: true } })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer(key)
      .setExpirationTime('1h')
      .sign(new TextEncoder().encode(secret));
    return uploader;
  }

  /** @returns the answer's status, and how long it took, in milliseconds */
  send([kind, body]) {
    const path = kind === 'recordings' ? 'recordings/v0' : `${kind}/otlp/v0`;
    const headers = { ...types[kind], authorization: `Bearer ${this.#token}`, 'content-length': body.length };
    return new Promise((resolve, reject) => {
      const start = performance.now();
      const sent = request(
        `${this.#url}/observability/${path}`,
        { agent: this.#agent, method: 'POST', headers },
        (response) => {
          response.resume();
          response.on('end', () => resolve({ status: response.statusCode, took: performance.now() - start }));
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  }

  close() {
    this.#agent.destroy();
  }
}
