import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RoomServiceClient } from 'livekit-server-sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { RoomEgress } from '../../src/agent/egress/room-egress.ts';
import { type RecordRoomOptions, resolveRecording } from '../../src/agent/egress/settings.ts';
import { apiKey, apiSecret } from '../agent/egress/livekit.ts';
import { freePort, isInstalled, type RunningServer, startServer } from './programs.ts';
import { startRedis } from './redis.ts';

/** Tests the responses of a real LiveKit server without an egress service. A real egress needs a browser and GStreamer. */
const missing = ['livekit-server', 'redis-server'].filter((program) => !isInstalled(program));
const real = missing.length > 0 ? describe.skip : describe;
const why = missing.length > 0 ? ` (skipped: no ${missing.join(', no ')} on PATH)` : '';

const folder = mkdtempSync(join(tmpdir(), 'talkgauge-livekit-'));
const running: { stop(): Promise<void> }[] = [];
afterAll(async () => {
  for (const server of running.toReversed()) await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Listens on 127.0.0.1 only, for signalling and media. */
async function startLiveKit(redis?: string): Promise<RunningServer> {
  const port = await freePort();
  const file = join(folder, `livekit-${port}.yml`);
  const rtc = {
    tcp_port: 0,
    udp_port: await freePort(),
    use_external_ip: false,
    node_ip: '127.0.0.1',
    enable_loopback_candidate: true,
    interfaces: { includes: ['lo'] },
    ips: { includes: ['127.0.0.1/32'] },
  };
  const keys = { [apiKey]: apiSecret };
  const config = {
    port,
    bind_addresses: ['127.0.0.1'],
    rtc,
    keys,
    ...(redis && { redis: { address: redis } }),
  };
  writeFileSync(file, stringify(config));
  const server = await startServer('livekit-server', ['--config', file], port, undefined, { readyAt: '/' });
  running.push(server);
  return server;
}

const openRoom = (server: RunningServer, name: string) =>
  new RoomServiceClient(server.url, apiKey, apiSecret).createRoom({ name });

const record = (server: RunningServer, room: string, options: RecordRoomOptions = {}) =>
  new RoomEgress(resolveRecording({ url: server.url, apiKey, apiSecret, ...options }, 'AJ_1'), room);

real(`a real LiveKit server${why}`, () => {
  test('without Redis, the server has no egress service', async () => {
    const server = await startLiveKit();
    await openRoom(server, 'call-1');
    const { status, error } = await record(server, 'call-1').start();
    expect([status, error?.code]).toEqual(['not_started', 'no_egress_service']);
    expect(error?.message).toMatch(/said: .*; run livekit\/egress with the same Redis as LiveKit/);
  });

  describe('with Redis, and no egress service', () => {
    let server: RunningServer;
    beforeAll(async () => {
      const redis = await startRedis();
      running.push(redis);
      server = await startLiveKit(redis.address);
      await openRoom(server, 'call-1');
    });

    test('the egress request gets no response', async () => {
      const { status, error } = await record(server, 'call-1').start();
      expect([status, error?.code]).toEqual(['not_started', 'no_egress_service']);
      expect(error?.message).toMatch(/no response from servers/);
    });

    test('a missing room fails quickly', async () => {
      const { status, error } = await record(server, 'call-2').start();
      expect([status, error?.code]).toEqual(['not_started', 'room_not_found']);
    });

    test('a wrong API secret is refused', async () => {
      const { error } = await record(server, 'call-1', {
        apiSecret: 'another one, of thirty-two characters',
      }).start();
      expect(error?.code).toBe('no_permission');
    });
  });
});
