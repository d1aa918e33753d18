import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, test, vi } from 'vitest';
import { newFolder, startTestGateway } from '../running.ts';
import { key, one, post, tokenOf, upload } from '../uploads.ts';

const traces = one('full-02-traces');
const logs = one('full-08-logs');
const recording = one('flush-04-recordings');
const metrics = one('full-11-metrics');

/** Resolves also if the connection was reset, which happens if it is cut while more data arrives. */
const closed = (socket: Socket) => new Promise((resolve) => socket.once('close', resolve));

describe('without a valid token', () => {
  test.each([traces, logs, metrics, recording])(
    '$kind are refused so that the SDK stops',
    async (request) => {
      const gateway = await startTestGateway();
      const { status, body } = await upload(gateway.url, request, { token: 'nonsense' });
      expect(status).toBe(401);
      expect(body).toContain('disabled by owner');
      const labels = { kind: request.kind, reason: 'unauthorized' };
      expect(await gateway.metric('talkgauge_gateway_refused_total', labels)).toBe(1);
      expect(readdirSync(join(gateway.directory, 'spool'))).toEqual([]);
    },
  );

  test('the sender of a large body gets a response before the connection closes', async () => {
    const gateway = await startTestGateway();
    const body = Buffer.alloc(20 * 1024 * 1024);
    expect((await upload(gateway.url, { ...recording, body }, { token: 'nonsense' })).status).toBe(401);
  });
});

test('keys are read from a file that is reloaded when it changes', async () => {
  const file = join(newFolder(), 'keys.yml');
  const gateway = await startTestGateway({ keys: { files: [file], reloadMs: 20 } });
  expect(gateway.lines).toEqual([
    expect.stringContaining('is not there yet; it is read as soon as it is'),
    'Until there is an API key, all uploads are refused',
  ]);
  expect((await upload(gateway.url, traces)).status).toBe(401);
  writeFileSync(file, `# the agents' keys\n${key.key}: ${key.secret}\nother: secret\n`);
  await vi.waitFor(async () => expect((await upload(gateway.url, traces)).status).toBe(200), {
    timeout: 10_000,
  });
  writeFileSync(file, 'key: [not, a, secret]');
  await vi.waitFor(() => expect(gateway.lines.at(-1)).toMatch(/The API keys stay as they were/), {
    timeout: 10_000,
  });
  expect(gateway.lines.join()).not.toContain('secret:');
});

test('keys are read from several files; a missing file is skipped, and the first file with a key has precedence', async () => {
  const folder = newFolder();
  const files = ['first.yml', 'missing.yml', 'last.yml'].map((name) => join(folder, name));
  const [first = '', missing = '', last = ''] = files;
  writeFileSync(first, `mine: ${'m'.repeat(32)}\n`);
  writeFileSync(last, `mine: ${'x'.repeat(32)}\ndemo: "${'d'.repeat(32)}"\n`);
  const gateway = await startTestGateway({ keys: { files, reloadMs: 20 } });
  expect(gateway.lines).toEqual([
    `The file of API keys ${missing} is not there yet; it is read as soon as it is`,
  ]);
  const statusOf = async (issuer: string, letter: string) =>
    (await upload(gateway.url, traces, { token: await tokenOf({ issuer, secret: letter.repeat(32) }) }))
      .status;
  expect([await statusOf('mine', 'm'), await statusOf('mine', 'x'), await statusOf('demo', 'd')]).toEqual([
    200, 401, 200,
  ]);
  writeFileSync(missing, `later: ${'l'.repeat(32)}\n`);
  await vi.waitFor(async () => expect(await statusOf('later', 'l')).toBe(200), { timeout: 10_000 });
  expect([await statusOf('mine', 'm'), await statusOf('demo', 'd')]).toEqual([200, 200]);
});

test('a key file that is not YAML is reported without quoting its content', async () => {
  const file = join(newFolder(), 'keys.yml');
  writeFileSync(file, `${key.key}: sesame: ${key.secret}\n`);
  const started = startTestGateway({ keys: { files: [file] } });
  await expect(started).rejects.toThrow(
    `The file of API keys ${file} cannot be used: it is no YAML (BLOCK_AS_IMPLICIT_KEY).`,
  );
  await expect(started).rejects.not.toThrow('sesame');
});

test('without any key, the gateway does not start, and the error has instructions', async () => {
  await expect(startTestGateway({ keys: {} })).rejects.toThrow(
    /No API key is known.*set LIVEKIT_API_KEY and LIVEKIT_API_SECRET.*TALKGAUGE_GATEWAY_KEYS/,
  );
});

test.each(['gzip', 'identity', '', 'br'])('a body with the encoding "%s" is read', async (encoding) => {
  const gateway = await startTestGateway();
  const uncompressed = one('full-08-logs').body;
  const body =
    encoding === 'gzip'
      ? gzipSync(uncompressed)
      : encoding === 'br'
        ? brotliCompressSync(uncompressed)
        : uncompressed;
  const headers = { 'content-type': 'application/json', ...(encoding && { 'content-encoding': encoding }) };
  await gateway.take([{ ...logs, headers, body }]);
  expect((await gateway.json('/api/sessions/AJ_full')).hasReport).toBe(true);
});

describe('a refusal has the status with the least harmful retry behaviour', () => {
  const statusOf = async (
    request: typeof traces,
    options: Parameters<typeof startTestGateway>[0],
    reason: string,
  ) => {
    const gateway = await startTestGateway(options);
    const { status, body } = await upload(gateway.url, request);
    expect(await gateway.metric('talkgauge_gateway_refused_total', { kind: request.kind, reason })).toBe(1);
    return { status, body };
  };

  test.each([
    ['no room in the spool', { spoolBytes: 1 }, 'spool_full', 413],
    ['no room on the disk', { minFreeBytes: Number.MAX_SAFE_INTEGER }, 'disk_full', 413],
    [
      'too large a body',
      { limits: { body: { traces: 9, logs: 9, metrics: 9, recordings: 9 } } },
      'too_large',
      413,
    ],
  ])('%s', async (_, options, reason, status) => {
    for (const request of [traces, metrics])
      expect((await statusOf(request, options, reason)).status).toBe(status);
    // Node.js would retry its logs forever.
    const answer = await statusOf(logs, options, reason);
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body).partialSuccess.errorMessage).toMatch(/gateway/);
  });

  test('a key that uploads too often is refused, other keys are not', async () => {
    const file = join(newFolder(), 'keys.yml');
    writeFileSync(file, `${key.key}: ${key.secret}\nother: ${key.secret}\n`);
    const gateway = await startTestGateway({ keys: { files: [file] }, limits: { perMinute: 2 } });
    const statuses = [];
    for (let n = 0; n < 3; n++) statuses.push((await upload(gateway.url, traces)).status);
    statuses.push((await upload(gateway.url, traces, { token: await tokenOf({ issuer: 'other' }) })).status);
    expect(statuses).toEqual([200, 200, 403, 200]);
    expect(await gateway.metric('talkgauge_gateway_refused_total', { reason: 'rate_limited' })).toBe(1);
  });

  test('an unknown encoding', async () => {
    const gateway = await startTestGateway();
    const headers = { 'content-encoding': 'zstandard' };
    expect((await upload(gateway.url, traces, { headers })).status).toBe(415);
    expect((await upload(gateway.url, logs, { headers })).status).toBe(200);
  });
});

test('an upload turned into a GET by a redirect is counted, and its session stops uploading', async () => {
  const gateway = await startTestGateway();
  const response = await fetch(`${gateway.url}${logs.path}`, {
    headers: { 'content-type': 'application/json' },
  });
  expect([response.status, await response.text()]).toEqual([
    401,
    expect.stringContaining('disabled by owner'),
  ]);
  const redirected = { kind: 'logs', reason: 'redirected' };
  expect(await gateway.metric('talkgauge_gateway_refused_total', redirected)).toBe(1);
});

test('a recording with too much audio keeps its conversation', async () => {
  const gateway = await startTestGateway({
    limits: { parts: { header: 1e6, history: 1e6, audio: 50_000 } },
  });
  await gateway.take([recording]);
  const session = await gateway.json('/api/sessions/AJ_flush');
  expect(session).toMatchObject({ hasTranscript: true, hasAudio: false, audioDropped: 'too_large' });
  expect(session.missing.audio).toBe('It was larger than the gateway takes, or did not arrive whole.');
});

test('a recording upload that is too large keeps its first parts, and counts as accepted', async () => {
  const body = { traces: 1e6, logs: 1e6, metrics: 1e6, recordings: 20_000 };
  const gateway = await startTestGateway({ limits: { body } });
  expect((await upload(gateway.url, recording)).status).toBe(200);
  await gateway.drained(10_000);
  const session = await gateway.json('/api/sessions/AJ_flush');
  expect(session).toMatchObject({ hasTranscript: true, hasAudio: false, audioDropped: 'too_large' });
  expect(
    await gateway.metric('talkgauge_gateway_refused_total', { kind: 'recordings', reason: 'too_large' }),
  ).toBe(1);
});

test('a slow upload gets a response and is disconnected', async () => {
  const gateway = await startTestGateway({ limits: { graceSeconds: 0.1, minRate: 1e6 } });
  const { port, hostname } = new URL(gateway.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  socket.write(
    `POST ${recording.path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${await tokenOf()}\r\n` +
      `Content-Type: ${recording.headers['content-type']}\r\nContent-Length: ${recording.body.length}\r\n\r\n`,
  );
  socket.write(recording.body.subarray(0, 100));
  let answer = '';
  socket.on('data', (chunk) => (answer += chunk));
  await closed(socket);
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(
    await gateway.metric('talkgauge_gateway_refused_total', { kind: 'recordings', reason: 'too_slow' }),
  ).toBe(1);
  expect(readdirSync(join(gateway.directory, 'spool'))).toEqual([]);
});

test.each([
  ['an upload that is refused', 'POST /observability/logs/otlp/v0', /^HTTP\/1\.1 401 /],
  ['a request without a body', 'GET /api/sessions', /^HTTP\/1\.1 200 /],
])('the sender of an endless body of %s gets a response and is disconnected', async (_, what, answered) => {
  const gateway = await startTestGateway({ limits: { graceSeconds: 1, minRate: 1e6 } });
  const { port, hostname } = new URL(gateway.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  let answer = '';
  socket.on('data', (chunk) => (answer += chunk));
  socket.write(`${what} HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n`);
  const slowSending = setInterval(() => socket.write('1\r\nx\r\n'), 50);
  await closed(socket);
  clearInterval(slowSending);
  expect(answer).toMatch(answered);
});

test('an upload without a token has a shorter timeout than a recording', async () => {
  const gateway = await startTestGateway({
    limits: {
      unauthenticatedSeconds: 0.3,
      graceSeconds: 600,
      minRate: 1,
      seconds: { traces: 600, logs: 600, metrics: 600, recordings: 600 },
    },
  });
  const { port, hostname } = new URL(gateway.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  let answer = '';
  socket.on('data', (chunk) => (answer += chunk));
  socket.write(`POST ${recording.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n`);
  const sending = setInterval(() => socket.write(`2000\r\n${'x'.repeat(0x2000)}\r\n`), 20);
  await closed(socket);
  clearInterval(sending);
  expect(answer).toMatch(/^HTTP\/1\.1 401 /);
});

test('each response has headers against sniffing, caching and scripts', async () => {
  const gateway = await startTestGateway();
  for (const [path, status] of [
    [logs.path, 401],
    ['/', 200],
    ['/api/sessions', 200],
    ['/api/sessions/AJ_none', 404],
    ['/api/sessions/%E0%A4%A', 400],
    ['/healthz', 200],
    ['/nothing', 404],
  ] as const) {
    const response = await fetch(`${gateway.url}${path}`);
    const { headers } = response;
    await response.body?.cancel();
    expect([path, response.status]).toEqual([path, status]);
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self'; /);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(headers.get('access-control-allow-origin')).toBeNull();
  }
});

test('an upload aborted by its sender leaves no file', async () => {
  const gateway = await startTestGateway();
  const { port, hostname } = new URL(gateway.url);
  const socket = connect(Number(port), hostname);
  socket.write(
    `POST ${traces.path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${await tokenOf()}\r\nContent-Length: 9999\r\n\r\nabc`,
  );
  await vi.waitFor(() => expect(readdirSync(join(gateway.directory, 'spool'))).toHaveLength(1), {
    timeout: 10_000,
  });
  socket.destroy();
  await vi.waitFor(
    async () =>
      expect(await gateway.metric('talkgauge_gateway_refused_total', { reason: 'aborted' })).toBe(1),
    { timeout: 10_000 },
  );
  expect(readdirSync(join(gateway.directory, 'spool'))).toEqual([]);
});

test.each([
  ['traces', Buffer.from('this is no protobuf'), {}],
  ['traces', Buffer.from('this is no gzip'), { 'content-encoding': 'gzip' }],
  ['traces', gzipSync(Buffer.alloc(80 * 1024 * 1024)), { 'content-encoding': 'gzip' }],
  ['logs', Buffer.from('{"resourceLogs": [{'), { 'content-type': 'application/json' }],
  ['logs', Buffer.from('{}'), { 'content-type': 'application/json' }],
  ['recordings', Buffer.from('no multipart'), { 'content-type': 'multipart/form-data; boundary=x' }],
  ['recordings', Buffer.from('no multipart'), { 'content-type': 'text/plain' }],
])(
  'malformed %s go to the dead-letter folder, are counted, and are never quoted in the log (%#)',
  async (kind, body, headers) => {
    const gateway = await startTestGateway();
    const path = kind === 'recordings' ? '/observability/recordings/v0' : `/observability/${kind}/otlp/v0`;
    const authorization = `Bearer ${await tokenOf()}`;
    expect(
      (await post(gateway.url, path, { authorization, ...(headers as Record<string, string>) }, body)).status,
    ).toBe(200);
    await gateway.drained(20_000);
    expect(await gateway.metric('talkgauge_gateway_processed_total', { kind, result: 'malformed' })).toBe(1);
    expect(gateway.lines).toEqual([
      expect.stringMatching(/^An upload of \w+ could not be read and is set aside \(\w+\)$/),
    ]);
  },
);

test('if the spool cannot be written for another reason, the log has the reason, and no SDK retries', async () => {
  const gateway = await startTestGateway();
  rmSync(join(gateway.directory, 'spool'), { recursive: true });
  expect((await upload(gateway.url, traces)).status).toBe(422);
  expect((await upload(gateway.url, logs)).status).toBe(200);
  expect(
    await gateway.metric('talkgauge_gateway_refused_total', { kind: 'logs', reason: 'internal_error' }),
  ).toBe(1);
  expect(gateway.lines).toEqual([
    expect.stringMatching(/^An upload of traces could not be kept: ENOENT/),
    expect.stringMatching(/^An upload of logs could not be kept: ENOENT/),
  ]);
});
