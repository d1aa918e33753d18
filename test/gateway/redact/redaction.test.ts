import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { AnyValue, KeyValue, TraceRequest } from '../../../src/gateway/decode/otlp-schema.ts';
import { RecordingHeader } from '../../../src/gateway/decode/recording.ts';
import { bodyOf } from '../../request-body.ts';
import { longDelays, noDelays, waitForResult } from '../metrics/series.ts';
import { newFolder, startTestGateway } from '../running.ts';
import { type Captured, capturedOf } from '../uploads.ts';

/** Texts of the captured calls: messages, tool calls and their results. */
const secrets = [
  'weather like',
  'book a table',
  'Once upon a time',
  'Paris',
  'no tables',
  'typed text',
  'It is fine',
  'helpful test agent',
  'room-full',
  'room-flush',
];

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** A backend that accepts every request and keeps the decompressed bodies. */
async function listenBackend(): Promise<{ url: string; bodies: Map<string, Buffer[]> }> {
  const bodies = new Map<string, Buffer[]>();
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    if (!body) return;
    const decompressed = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
    const path = request.url ?? '';
    bodies.set(path, [...(bodies.get(path) ?? []), decompressed]);
    response.end();
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  stops.push(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies };
}

/** The request with the redaction flag of the SDK, but with all content still in it. */
function withRedactionFlag(request: Captured): Captured {
  const { kind, headers, body } = request;
  if (kind === 'logs') {
    const json = JSON.parse(body.toString());
    for (const { scopeLogs } of json.resourceLogs) {
      for (const { logRecords } of scopeLogs) {
        for (const { attributes } of logRecords) {
          attributes.push({ key: 'lk.redaction.enabled', value: { boolValue: true } });
        }
      }
    }
    return { ...request, body: Buffer.from(JSON.stringify(json)) };
  }
  if (kind === 'traces') {
    const decoded = TraceRequest.fromBinary(gunzipSync(body));
    const flag = new KeyValue({
      key: 'lk.redaction.enabled',
      value: new AnyValue({ value: { case: 'boolValue', value: true } }),
    });
    for (const span of decoded.resourceSpans.flatMap(({ scopeSpans }) =>
      scopeSpans.flatMap(({ spans }) => spans),
    )) {
      span.attributes.push(flag);
    }
    return { ...request, body: gzipSync(decoded.toBinary()) };
  }
  if (kind === 'recordings') {
    const start = body.indexOf('\r\n\r\n') + 4;
    const end = body.indexOf('\r\n--', start);
    const header = RecordingHeader.fromBinary(body.subarray(start, end));
    header.redactionEnabled = true;
    return {
      ...request,
      headers,
      body: Buffer.concat([body.subarray(0, start), header.toBinary(), body.subarray(end)]),
    };
  }
  return request;
}

const contentsOf = (directory: string): string =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'latin1'))
    .join('\n');

const secretsIn = (text: string): string[] => secrets.filter((secret) => text.includes(secret));

test('the captured calls contain all texts that must be redacted', () => {
  const decompressed = [...capturedOf('full'), ...capturedOf('flush')].map(({ headers, body }) =>
    (headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString('latin1'),
  );
  expect(secretsIn(decompressed.join())).toEqual(secrets);
});

describe('a redacted session', () => {
  test('has no conversation text on disk or in forwarded requests', async () => {
    const backend = await listenBackend();
    const { url } = backend;
    const options = { directory: newFolder(), forward: { tempo: url, loki: url, liveKitCloud: url } };
    const first = await startTestGateway({ ...options, measurementDelays: longDelays });
    await first.take([...capturedOf('full'), ...capturedOf('flush')].map(withRedactionFlag));
    await first.close();
    // Conversations are forwarded after they have ended.
    const gateway = await startTestGateway({ ...options, measurementDelays: noDelays });
    await waitForResult(gateway, 'measured', 2);
    const sentTo = () => [...backend.bodies.values()].flat().map((body) => body.toString('latin1'));
    await vi.waitFor(
      () => expect(sentTo().filter((body) => body.includes('session ended'))).toHaveLength(2),
      { timeout: 30_000 },
    );

    expect(secretsIn(contentsOf(gateway.directory))).toEqual([]);
    const sent = sentTo();
    expect(sent.length).toBeGreaterThan(20);
    expect(secretsIn(sent.join())).toEqual([]);
    expect(contentsOf(gateway.directory)).not.toContain('OggS');
    expect(sent.join()).not.toContain('OggS');
  });

  test('has metrics, tool names and times', async () => {
    const gateway = await startTestGateway();
    await gateway.take([...capturedOf('full'), ...capturedOf('flush')].map(withRedactionFlag));
    const full = await gateway.json('/api/sessions/AJ_full');
    expect(full).toMatchObject({
      redacted: true,
      turns: 6,
      interruptions: 1,
      toolErrors: 1,
      latencyP95: 0.6833529472351074,
    });
    expect(full.roomName).toBeUndefined();
    expect(full.missing.text).toBe('The session is redacted: what was said is not kept.');
    const { items, redacted } = await gateway.json('/api/sessions/AJ_full/transcript');
    expect(redacted).toBe(true);
    expect(items.filter(({ name }: { name?: string }) => name === 'bookTable')).toEqual([
      expect.objectContaining({ type: 'function_call', callId: 'call_6_1' }),
      expect.objectContaining({ type: 'function_call_output', callId: 'call_6_1', isError: true }),
    ]);
    const flush = await gateway.json('/api/sessions/AJ_flush');
    expect(flush).toMatchObject({ hasAudio: false, audioDropped: 'redacted' });
    expect(flush.missing.audio).toBe('The session is redacted, and audio cannot be.');
    expect((await gateway.json('/api/sessions?q=weather')).total).toBe(0);
  });

  test('keeps its audio if configured', async () => {
    const backend = await listenBackend();
    const gateway = await startTestGateway({
      keepRedactedAudio: true,
      forward: { liveKitCloud: backend.url },
    });
    await gateway.take(capturedOf('flush').map(withRedactionFlag));
    expect(await gateway.json('/api/sessions/AJ_flush')).toMatchObject({ hasAudio: true, redacted: true });
    const [passedOn] = backend.bodies.get('/observability/recordings/v0') ?? [];
    expect(passedOn?.includes('OggS')).toBe(true);
    expect(secretsIn(passedOn?.toString('latin1') ?? '')).toEqual([]);
  });

  test('has text removed that was uploaded before the redaction flag', async () => {
    const gateway = await startTestGateway();
    await gateway.take(capturedOf('flush'));
    expect(secretsIn(contentsOf(gateway.directory))).not.toEqual([]);
    await gateway.take(capturedOf('flush').map(withRedactionFlag).slice(0, 1));
    expect(secretsIn(contentsOf(gateway.directory))).toEqual([]);
    expect(await gateway.json('/api/sessions/AJ_flush')).toMatchObject({ redacted: true, hasAudio: false });
  });

  test('has text removed from later uploads without the flag', async () => {
    const gateway = await startTestGateway();
    const [first, ...others] = capturedOf('flush');
    await gateway.take([withRedactionFlag(first as Captured), ...others]);
    expect(secretsIn(contentsOf(gateway.directory))).toEqual([]);
  });
});
