import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { gunzipSync, gzipSync } from 'node:zlib';
import { SignJWT } from 'jose';
import { RecordingHeader } from '../dist/gateway/decode/recording-header.js';
import { quantile } from './measure.mjs';
import { atMost, megabytes, ms } from './report.mjs';

const fixtures = new URL('../test/fixtures/insights/', import.meta.url);
const mebibyte = 2 ** 20;
const key = 'bench';
const secret = 'a secret of at least thirty-two characters';

/** Jobs that end at the same moment, each with a minute of audio. */
const jobs = 200;
const audioBytes = Math.round(0.74 * mebibyte);
const largeBytes = 100 * mebibyte;

/** Bytes that do not compress, as audio does not, and of which none matters. */
const noise = (length) => {
  const bytes = Buffer.alloc(length);
  for (let at = 0, x = 1; at < length - 4; at += 4) {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    bytes.writeUInt32LE(x, at);
  }
  return bytes;
};

function recordingOf(id, audio) {
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
  return Buffer.concat([
    ...part('header', 'application/protobuf', Buffer.from(header.toBinary())),
    ...part('chat_history', 'application/json', Buffer.from('{"items":[]}')),
    ...part('audio', 'audio/ogg', audio),
    Buffer.from('--bench--\r\n'),
  ]);
}

/** A captured body with another session in it; ids are as long as `full`, so that lengths stay right. */
function bodyOf(name, id) {
  const sent = readFileSync(new URL(`${name}.bin`, fixtures));
  const packed = sent[0] === 0x1f;
  const plain = (packed ? gunzipSync(sent) : sent).toString('latin1');
  const changed = Buffer.from(
    plain.replaceAll('AJ_full', `AJ_${id}`).replaceAll('RM_full', `RM_${id}`),
    'latin1',
  );
  return packed ? gzipSync(changed) : changed;
}

/** What a job uploads when it ends, in this order. */
const endOf = (id, audio) => [
  [
    'traces/otlp/v0',
    { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' },
    bodyOf('full-06-traces', id),
  ],
  ['logs/otlp/v0', { 'content-type': 'application/json' }, bodyOf('full-08-logs', id)],
  ['recordings/v0', { 'content-type': 'multipart/form-data; boundary=bench' }, recordingOf(id, audio)],
  ['logs/otlp/v0', { 'content-type': 'application/json' }, bodyOf('full-10-logs', id)],
  [
    'metrics/otlp/v0',
    { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' },
    bodyOf('full-11-metrics', id),
  ],
];

function upload(url, agent, token, [path, headers, body]) {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const sent = request(
      `${url}/observability/${path}`,
      {
        agent,
        method: 'POST',
        headers: { ...headers, authorization: `Bearer ${token}`, 'content-length': body.length },
      },
      (response) => {
        response.resume();
        response.on('end', () => resolve({ status: response.statusCode, took: performance.now() - start }));
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

/** What a gateway takes to receive a large recording, and many jobs at once. */
export async function uploads(children) {
  const gateway = children.start(new URL('./processes/gateway.mjs', import.meta.url), [key, secret], {
    execArgv: ['--expose-gc'],
  });
  const url = await gateway.ask('url');
  const token = await new SignJWT({ observability: { write: true } })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer(key)
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(secret));
  const agent = new Agent({ keepAlive: true });
  const statuses = [];
  const send = async (what) => {
    const { status, took } = await upload(url, agent, token, what);
    statuses.push(status);
    return took;
  };

  // A first one, so that the code itself is not measured.
  const audio = noise(audioBytes);
  for (const what of endOf('0000', audio)) await send(what);
  await gateway.ask('drained', 10_000);

  const before = await gateway.ask('memory');
  await gateway.ask('peak');
  const large = [
    'recordings/v0',
    { 'content-type': 'multipart/form-data; boundary=bench' },
    recordingOf('9999', noise(largeBytes)),
  ];
  const start = performance.now();
  const answered = await send(large);
  await gateway.ask('drained', 60_000);
  const stored = performance.now() - start;
  const largePeak = await gateway.ask('peak');

  const ends = Array.from({ length: jobs }, (_, n) => endOf(String(n + 1).padStart(4, '0'), audio));
  const idle = await gateway.ask('memory');
  await gateway.ask('peak');
  const began = performance.now();
  const took = await Promise.all(
    ends.map(async (end) => {
      const each = [];
      for (const what of end) each.push(await send(what));
      return each;
    }),
  );
  const allAnswered = performance.now() - began;
  await gateway.ask('drained', 120_000);
  const allStored = performance.now() - began;
  const manyPeak = await gateway.ask('peak');
  const sessions = await gateway.ask('sessions');
  agent.destroy();

  const answers = took.flat();
  const perJob = took.map((each) => each.reduce((sum, one) => sum + one, 0));
  const bytes = ends.flat().reduce((sum, [, , body]) => sum + body.length, 0);
  const rate = (size, time) => `${(size / mebibyte / (time / 1000)).toFixed(0)} MB/s`;
  return {
    columns: ['', 'answered', 'stored', 'rate', 'peak RSS', 'grown by'],
    rows: [
      [
        'a recording of 100 MB',
        ms(answered),
        ms(stored),
        rate(largeBytes, answered),
        megabytes(largePeak),
        megabytes(largePeak - before),
      ],
      [
        `${jobs} jobs end at once`,
        ms(allAnswered),
        ms(allStored),
        rate(bytes, allAnswered),
        megabytes(manyPeak),
        megabytes(manyPeak - idle),
      ],
    ],
    notes: [
      `an upload of the ${answers.length}: p50 ${ms(quantile(answers, 0.5))}, p99 ${ms(quantile(answers, 0.99))}; ` +
        `a job's five: p50 ${ms(quantile(perJob, 0.5))}, longest ${ms(Math.max(...perJob))}`,
    ],
    goals: [
      atMost(
        'the gateway grows by, for a recording of 100 MB',
        largePeak - before,
        160 * mebibyte,
        megabytes,
      ),
      atMost(
        `the gateway grows by, for ${jobs} jobs that end at once`,
        manyPeak - idle,
        256 * mebibyte,
        megabytes,
      ),
      // 8 s and more is what a receiver costs that answers badly.
      atMost(`the longest of ${jobs} jobs that end at once waits`, Math.max(...perJob), 8000, ms),
    ],
    checks: [
      ['every upload is answered with 200', statuses.every((status) => status === 200)],
      ['every session is there, complete and with its audio', sessions === jobs + 2],
    ],
  };
}
