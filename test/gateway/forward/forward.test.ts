import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { decodeJwt } from 'jose';
import { describe, expect, test, vi } from 'vitest';
import { attributesOf } from '../../../src/gateway/decode/attribute-value.ts';
import { MetricRequest, TraceRequest } from '../../../src/gateway/decode/otlp-schema.ts';
import { freePort } from '../../stack/servers.mjs';
import { newFolder, startTestGateway } from '../running.ts';
import { capturedOf, one, upload } from '../uploads.ts';
import { listenBackend } from './backend.ts';
import { linesOf } from './lines.ts';

const identity = {
  'service.name': 'livekit-agents',
  room_id: 'RM_full',
  job_id: 'AJ_full',
  'lk.agent_name': 'support-agent',
  'telemetry.sdk.language': 'nodejs',
};

test('all spans reach Tempo with the same resource', async () => {
  const backend = await listenBackend();
  const gateway = await startTestGateway({
    forward: { tempo: `${backend.url}/`, headers: { tempo: { 'x-scope-orgid': 'demo' } } },
  });
  await gateway.take(capturedOf('full'));
  const requests = backend.of('/v1/traces');
  expect(requests[0]?.headers).toMatchObject({
    'content-type': 'application/x-protobuf',
    'x-scope-orgid': 'demo',
  });
  const groups = requests.flatMap(({ body }) => TraceRequest.fromBinary(body).resourceSpans);
  for (const { resource } of groups) expect(attributesOf(resource?.attributes)).toMatchObject(identity);
  const spans = groups.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
  const { spans: stored } = await gateway.json('/api/sessions/AJ_full/trace');
  expect(spans.length).toBe(stored.length);
});

test('spans of an agent without a name have the name `unknown`, as in metrics', async () => {
  const backend = await listenBackend();
  const gateway = await startTestGateway({ forward: { tempo: backend.url } });
  const request = one('full-02-traces');
  const unnamed = TraceRequest.fromBinary(gunzipSync(request.body));
  const lists = unnamed.resourceSpans.flatMap(({ resource, scopeSpans }) => [
    ...(resource ? [resource] : []),
    ...scopeSpans.flatMap(({ scope, spans }) => [...(scope ? [scope] : []), ...spans]),
  ]);
  for (const list of lists)
    list.attributes = list.attributes.filter(({ key }) => key !== 'lk.agent_name' && key !== 'agent_name');
  await gateway.take([{ ...request, body: gzipSync(unnamed.toBinary()) }]);
  const groups = backend.of('/v1/traces').flatMap(({ body }) => TraceRequest.fromBinary(body).resourceSpans);
  expect(groups.map(({ resource }) => attributesOf(resource?.attributes)['lk.agent_name'])).toEqual([
    'unknown',
  ]);
  // The placeholder is not stored as a name.
  expect((await gateway.json('/api/sessions/AJ_full')).agent).toBeUndefined();
});

test('unknown fields are forwarded', async () => {
  const backend = await listenBackend();
  const gateway = await startTestGateway({ forward: { tempo: backend.url } });
  await gateway.take([one('full-02-traces')]);
  const [sent] = backend.of('/v1/traces');
  // `flags` (field 16, fixed32) of a span: 257.
  expect(sent?.body.includes(Buffer.from([0x85, 0x01, 0x01, 0x01, 0x00, 0x00]))).toBe(true);
});

describe('logs', () => {
  test('reach Loki with unique, flat attributes and the trace ID of their session', async () => {
    const backend = await listenBackend();
    const gateway = await startTestGateway({ forward: { loki: backend.url } });
    await gateway.take(capturedOf('full'));
    expect(backend.of('/otlp/v1/logs')[0]?.headers['content-type']).toBe('application/x-protobuf');
    const lines = linesOf(backend);
    expect(lines[0]?.resource).toMatchObject({ room_id: 'RM_full', job_id: 'AJ_full' });
    // Logs of Node.js have no trace ID; the earlier spans had it.
    expect(lines.at(-1)?.resource).toMatchObject(identity);
    for (const { keys, attributes } of lines) {
      expect(new Set(keys).size).toBe(keys.length);
      expect(Object.values(attributes).filter((value) => typeof value === 'object')).toEqual([]);
    }
    const { traceIds } = await gateway.json('/api/sessions/AJ_full');
    expect(traceIds.length).toBe(1);
    expect(lines.at(-1)?.traceId).toBe(traceIds[0]);
  });
});

describe("the SDK's own metrics", () => {
  test('reach Prometheus as totals over all jobs, without per-call attributes', async () => {
    const backend = await listenBackend();
    const gateway = await startTestGateway({ forward: { prometheus: backend.url } });
    await gateway.take([one('full-11-metrics'), one('flush-07-metrics'), one('full-11-metrics')]);
    const last = backend.of('/api/v1/otlp/v1/metrics').at(-1);
    const [group] = MetricRequest.fromBinary(last?.body ?? Buffer.alloc(0)).resourceMetrics;
    expect(attributesOf(group?.resource?.attributes)).toEqual({
      'service.name': 'livekit-agents',
      'service.instance.id': expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f-]{27}$/),
    });
    expect(gateway.lines).toEqual([]);
    const metrics = group?.scopeMetrics.flatMap((scope) => scope.metrics) ?? [];
    expect(metrics.map(({ name, unit }) => [name, unit])).toEqual([
      ['lk.agents.event_loop.blocked_duration', 's'],
    ]);
    const [{ data }] = metrics as [(typeof metrics)[0]];
    if (data.case !== 'histogram') throw new Error('not a histogram');
    expect(data.value.aggregationTemporality).toBe(2);
    const [point] = data.value.dataPoints;
    expect(attributesOf(point?.attributes)).toEqual({
      severity: 'warning',
      cause: 'code',
      agent_name: 'support-agent',
    });
    // The sample of `full`, sent twice, and two samples of `flush`.
    expect(Number(point?.count)).toBe(4);
    expect(point?.sum).toBeCloseTo(2 * 0.2486273050000018 + 0.4136385520000004, 9);
  });

  test.each([
    ['empty, as after a power cut', ''],
    ['cut short', '{"series": {"a'],
    ['something else', '[]'],
  ])('begin anew, and the gateway starts, if their file is %s', async (_, held) => {
    const directory = newFolder();
    mkdirSync(join(directory, 'forward'));
    const file = join(directory, 'forward/totals.json');
    writeFileSync(file, held);
    const backend = await listenBackend();
    const gateway = await startTestGateway({ directory, forward: { prometheus: backend.url } });
    expect(gateway.lines).toEqual([
      `The totals for Prometheus cannot be read, and begin anew; what was there is in ${file}.damaged`,
    ]);
    expect(readFileSync(`${file}.damaged`, 'utf8')).toBe(held);
    await gateway.take([one('full-11-metrics')]);
    expect(backend.of('/api/v1/otlp/v1/metrics').length).toBeGreaterThan(0);
  });

  test('identify the gateway, also after a restart', async () => {
    const backend = await listenBackend();
    const forward = { prometheus: backend.url };
    const instanceOf = async (options: Parameters<typeof startTestGateway>[0]) => {
      const gateway = await startTestGateway({ forward, ...options });
      await gateway.take([one('full-11-metrics')]);
      await gateway.close();
      const [group] = MetricRequest.fromBinary(
        backend.received.at(-1)?.body ?? Buffer.alloc(0),
      ).resourceMetrics;
      return attributesOf(group?.resource?.attributes)['service.instance.id'];
    };
    const directory = newFolder();
    const first = await instanceOf({ directory });
    expect(await instanceOf({ directory })).toBe(first);
    expect(await instanceOf({})).not.toBe(first);
    expect(await instanceOf({ instance: 'eu-1' })).toBe('eu-1');
  });

  test('continue from their last values after a restart', async () => {
    const directory = newFolder();
    const backend = await listenBackend();
    const options = { directory, forward: { prometheus: backend.url } };
    const first = await startTestGateway(options);
    await first.take([one('full-11-metrics')]);
    await first.close();
    const second = await startTestGateway(options);
    await second.take([one('full-11-metrics')]);
    const last = backend.received.at(-1);
    const [group] = MetricRequest.fromBinary(last?.body ?? Buffer.alloc(0)).resourceMetrics;
    const data = group?.scopeMetrics[0]?.metrics[0]?.data;
    expect(data?.case === 'histogram' && Number(data.value.dataPoints[0]?.count)).toBe(2);
  });
});

describe('a backend that refuses requests', () => {
  test.each([401, 403, 404])(
    'because of a wrong token or address (%i) gets all data after the correction',
    async (status) => {
      const backend = await listenBackend();
      backend.status = status;
      const forward = { tempo: backend.url, headers: { tempo: { authorization: 'Bearer old' } } };
      const first = await startTestGateway({ forward });
      await upload(first.url, one('full-02-traces'));
      await vi.waitFor(() => expect(backend.received.length).toBeGreaterThan(0), { timeout: 10_000 });
      const count = (result: string) =>
        first.metric('talkgauge_gateway_forwarded_total', { destination: 'tempo', result });
      await vi.waitFor(
        async () => expect(await first.metric('talkgauge_gateway_forward_failures_total')).toBeGreaterThan(0),
        { timeout: 10_000 },
      );
      expect([await count('rejected'), await count('dropped')]).toEqual([0, 0]);
      expect(first.lines).toEqual([`tempo does not take what is forwarded; it waits: it answered ${status}`]);
      await first.close();
      backend.answer = ({ headers }) => ({ status: headers.authorization === 'Bearer new' ? 200 : status });
      const second = await startTestGateway({
        directory: first.directory,
        forward: { ...forward, headers: { tempo: { authorization: 'Bearer new' } } },
      });
      await second.drained(10_000);
      expect(
        await second.metric('talkgauge_gateway_forwarded_total', { destination: 'tempo', result: 'ok' }),
      ).toBe(1);
    },
  );

  test('gets its own headers, and other destinations do not get them', async () => {
    const backend = await listenBackend();
    const headers = {
      tempo: { authorization: 'Bearer t' },
      loki: { 'x-scope-orgid': 'l' },
      prometheus: { 'x-p': 'p' },
    };
    const { url } = backend;
    const gateway = await startTestGateway({
      forward: { tempo: url, loki: url, prometheus: url, liveKitCloud: url, headers },
    });
    await gateway.take(capturedOf('flush'));
    const sentTo = (path: string) =>
      backend
        .of(path)
        .map(({ headers: { authorization, 'x-scope-orgid': org, 'x-p': p } }) => [authorization, org, p]);
    const each = (path: string, sent: unknown[]) => {
      expect(sentTo(path).length, path).toBeGreaterThan(0);
      expect(new Set(sentTo(path).map(String)), path).toEqual(new Set([String(sent)]));
    };
    each('/v1/traces', ['Bearer t', undefined, undefined]);
    each('/otlp/v1/logs', [undefined, 'l', undefined]);
    each('/api/v1/otlp/v1/metrics', [undefined, undefined, 'p']);
    for (const [authorization, org, p] of sentTo('/observability/recordings/v0')) {
      expect([org, p]).toEqual([undefined, undefined]);
      expect(authorization).not.toBe('Bearer t');
    }
  });

  test('gets the data when it is up again, also after a restart of the gateway', async () => {
    const directory = newFolder();
    const port = await freePort();
    const forward = { tempo: `http://127.0.0.1:${port}` };
    const first = await startTestGateway({ directory, forward });
    expect((await upload(first.url, one('full-02-traces'))).status).toBe(200);
    await vi.waitFor(
      async () => expect(await first.metric('talkgauge_gateway_forward_failures_total')).toBeGreaterThan(0),
      { timeout: 10_000 },
    );
    expect(first.lines).toEqual([
      expect.stringMatching(/^tempo does not take what is forwarded; it waits: .*ECONNREFUSED/),
    ]);
    await first.close();

    const backend = await listenBackend(port);
    const second = await startTestGateway({ directory, forward });
    await second.drained(10_000);
    expect(backend.of('/v1/traces')).toHaveLength(1);
    expect(
      await second.metric('talkgauge_gateway_forwarded_total', { destination: 'tempo', result: 'ok' }),
    ).toBe(1);
  });

  test.each([429, 500, 503])('temporarily (%i) gets a retry', async (status) => {
    const backend = await listenBackend();
    backend.status = status;
    const gateway = await startTestGateway({ forward: { loki: backend.url } });
    await upload(gateway.url, one('full-01-logs'));
    await vi.waitFor(() => expect(backend.received).toHaveLength(1), { timeout: 10_000 });
    backend.status = 200;
    await gateway.drained(10_000);
    expect(backend.received).toHaveLength(2);
    expect(
      await gateway.metric('talkgauge_gateway_forwarded_total', { destination: 'loki', result: 'ok' }),
    ).toBe(1);
  });

  test('permanently (400) gets no retry, and the session is stored anyway', async () => {
    const backend = await listenBackend();
    backend.status = 400;
    const gateway = await startTestGateway({ forward: { loki: backend.url } });
    await gateway.take([one('full-01-logs')]);
    await gateway.take([one('full-05-logs')]);
    expect(backend.received).toHaveLength(2);
    expect(
      await gateway.metric('talkgauge_gateway_forwarded_total', { destination: 'loki', result: 'rejected' }),
    ).toBe(2);
    expect((await gateway.json('/api/sessions')).total).toBe(1);
    expect(gateway.lines).toEqual([
      'loki refuses what is forwarded, for good: it answered 400. It is kept in the dead-letter folder. Look at its address, its headers and its limits.',
    ]);
  });

  test('does not block: the queue is bounded, and the oldest requests are dropped', async () => {
    const away = `http://127.0.0.1:${await freePort()}`;
    const gateway = await startTestGateway({ forward: { loki: away }, forwardBytes: 9000 });
    const logs = one('full-05-logs');
    for (let n = 0; n < 8; n++) await upload(gateway.url, logs);
    await vi.waitFor(
      async () => expect(await gateway.metric('talkgauge_gateway_processed_total', { result: 'ok' })).toBe(8),
      { timeout: 20_000 },
    );
    expect(await gateway.metric('talkgauge_gateway_forwarded_total', { result: 'dropped' })).toBeGreaterThan(
      0,
    );
    const waiting = await gateway.metric('talkgauge_gateway_forward_queue_bytes', { destination: 'loki' });
    expect(waiting).toBeGreaterThan(0);
    expect(waiting).toBeLessThanOrEqual(9000);
  });
});

test('uploads are forwarded to LiveKit Cloud as received, with a new token of the same key', async () => {
  const backend = await listenBackend();
  const gateway = await startTestGateway({ forward: { liveKitCloud: `${backend.url}/` } });
  const requests = capturedOf('flush');
  await gateway.take(requests);
  expect(backend.received.map(({ path }) => path)).toEqual(requests.map(({ path }) => path));
  const recording = backend.of('/observability/recordings/v0')[0];
  expect(recording?.body.equals(one('flush-04-recordings').body)).toBe(true);
  expect(recording?.headers['content-type']).toBe(one('flush-04-recordings').headers['content-type']);
  const claims = decodeJwt(recording?.headers.authorization?.replace('Bearer ', '') ?? '');
  expect(claims).toMatchObject({ iss: 'devkey', observability: { write: true } });
  expect(Number(claims.exp) - Date.now() / 1000).toBeLessThan(700);
});
