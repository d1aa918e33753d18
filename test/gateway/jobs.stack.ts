import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { GatewayOptions } from '../../src/gateway/options.ts';
import type { Worker } from '../agent/worker/worker.ts';
import { freePort } from '../stack/servers.mjs';
import {
  callOf,
  openJavaScriptWorker,
  pair,
  readJobLog,
  runTypedCall,
  startJavaScriptWorker,
} from './javascript.ts';
import { startTcpForwarder } from './proxy.ts';
import { newFolder, startTestGateway } from './running.ts';

test('a call of the JavaScript SDK in a forked job is uploaded completely with only the gateway URL in the environment', async () => {
  const gateway = await startTestGateway({ keys: { pair } });
  const directory = newFolder();
  const log = join(directory, 'job.jsonl');
  const worker = await startJavaScriptWorker('recorded-call.mjs', `${gateway.url}/base/`, {
    LIVEKIT_AGENT_DEPLOYMENT: '7.1.0',
    LOG_LEVEL: 'info',
  });
  const plan = callOf('question', 'lookup', 'interruption');
  await worker.run({ plan, directory, log });
  expect((await readJobLog(log)).error).toBeUndefined();
  await gateway.drained(20_000);

  const { sessions } = await gateway.json('/api/sessions');
  expect(sessions).toEqual([
    expect.objectContaining({
      roomName: expect.stringMatching(/^call-/),
      agent: 'front-desk',
      version: '7.1.0',
      language: 'nodejs',
      sdkVersion: '1.9.0',
      status: 'complete',
      closeReason: 'user_initiated',
      hasAudio: true,
      hasTranscript: true,
      hasTrace: true,
      hasLogs: true,
      hasReport: true,
    }),
  ]);
  const [{ id, turns, latencyP50, cost, toolCalls }] = sessions;
  expect(toolCalls).toBeGreaterThan(0);
  expect(turns).toBeGreaterThanOrEqual(3);
  expect(latencyP50).toBeGreaterThan(0.1);
  expect(cost).toBeGreaterThan(0);
  const { items } = await gateway.json(`/api/sessions/${id}/transcript`);
  expect(new Set(items.map(({ role }: { role?: string }) => role).filter(Boolean))).toEqual(
    new Set(['user', 'assistant']),
  );
  const audio = Buffer.from(await (await fetch(`${gateway.url}/api/sessions/${id}/audio`)).arrayBuffer());
  expect(audio.subarray(0, 4).toString()).toBe('OggS');
  expect(gateway.lines).toEqual([]);
});

describe('uploads do not delay the exit of a job', () => {
  /** The SDK waits for 8 seconds and more if a receiver does not answer correctly. */
  const limit = 5000;
  // A worker is slow to start and uploads to one address, so all tests share a worker and a TCP forwarder.
  let target = '';
  let forwarder: Awaited<ReturnType<typeof startTcpForwarder>>;
  let worker: Worker;
  beforeAll(async () => {
    forwarder = await startTcpForwarder(() => target);
    worker = await openJavaScriptWorker('typed-call.mjs', forwarder.url);
  });
  afterAll(async () => {
    await worker.close();
    await forwarder.close();
  });
  /** Milliseconds from shutdown to exit of a job that uploads to a gateway with these options. */
  const exitOf = async (options: Partial<GatewayOptions>): Promise<number> => {
    const gateway = await startTestGateway({ keys: { pair }, ...options });
    target = gateway.url;
    return runTypedCall(worker);
  };

  test.each<[string, Partial<GatewayOptions>]>([
    ['when all is well', {}],
    ['when the spool is full', { spoolBytes: 1 }],
    ['when the disk is full', { minFreeBytes: Number.MAX_SAFE_INTEGER }],
    ['when its key is not known', { keys: { pair: { key: 'another', secret: 'x'.repeat(32) } } }],
    ['when it uploads more often than it may', { limits: { perMinute: 1 } }],
    // The gateway closes the connection in the middle of an upload.
    ['when uploads are cut', { limits: { graceSeconds: 0.001, minRate: 1e12 } }],
  ])('%s', async (_, options) => {
    expect(await exitOf(options)).toBeLessThan(limit);
  });

  test('when the backends are down', async () => {
    const down = `http://127.0.0.1:${await freePort()}`;
    const forward = { tempo: down, loki: down, prometheus: down };
    expect(await exitOf({ forward })).toBeLessThan(limit);
  });

  test('when the backends accept requests and never answer', async () => {
    const silent = createServer((request) => request.resume()).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const forward = { tempo: url, loki: url, prometheus: url };
    expect(await exitOf({ forward })).toBeLessThan(limit);
    silent.closeAllConnections();
    silent.close();
  });
});

test('a gateway that restarts during a call has all logs and the complete conversation', async () => {
  const directory = newFolder();
  const first = await startTestGateway({ keys: { pair }, directory });
  const log = join(newFolder(), 'job.jsonl');
  const worker = await startJavaScriptWorker('typed-call.mjs', first.url, { LOG_LEVEL: 'info' });
  await worker.run({ turns: 12, pause: 1000, log });
  await vi.waitFor(() => expect(readFileSync(log, 'utf8')).toContain('"turn":2'), { timeout: 60_000 });
  await first.close();
  await vi.waitFor(() => expect(readFileSync(log, 'utf8')).toContain('"turn":8'), { timeout: 60_000 });
  const second = await startTestGateway({ keys: { pair }, directory, port: Number(new URL(first.url).port) });
  const { shutdown, exit } = await readJobLog(log);
  expect(exit - shutdown).toBeLessThan(5000);
  await second.drained(20_000);
  const { sessions } = await second.json('/api/sessions');
  expect(sessions).toEqual([expect.objectContaining({ turns: 12, status: 'complete', hasReport: true })]);
  const { logs } = await second.json(`/api/sessions/${sessions[0].id}/logs?limit=5000`);
  const spoken = logs.filter(({ message }: { message: string }) => message === 'Creating speech handle');
  expect(spoken).toHaveLength(12);
});

test('with an unknown key, the SDK sends two requests and logs once that it stops', async () => {
  const gateway = await startTestGateway({ keys: { pair: { key: 'another', secret: 'x'.repeat(32) } } });
  const log = join(newFolder(), 'job.jsonl');
  const worker = await startJavaScriptWorker('typed-call.mjs', gateway.url, { LOG_LEVEL: 'info' });
  await worker.run({ turns: 3, log });
  await readJobLog(log);
  // The worker prints the output of its jobs.
  await vi.waitFor(
    () => expect(worker.output().match(/data recording is disabled for this project/g)).toHaveLength(1),
    { timeout: 20_000 },
  );
  const refused = { reason: 'unauthorized' };
  expect(await gateway.metric('talkgauge_gateway_refused_total', { kind: 'logs', ...refused })).toBe(1);
  expect(await gateway.metric('talkgauge_gateway_refused_total', { kind: 'recordings', ...refused })).toBe(0);
});
