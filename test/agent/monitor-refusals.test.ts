import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Sdk } from '../../src/agent/livekit/sdk.ts';
import { monitor } from '../../src/agent/monitor.ts';
import { monitorServer, observeSessions } from '../../src/agent/register.ts';
import { sampleOf } from './worker/exposition.ts';

/** The error code that `mkdtempSync` throws, if any; mocked because permissions do not apply to root. */
const refusal = vi.hoisted(() => ({ code: undefined as string | undefined }));
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  const mkdtempSync = (prefix: string) => {
    if (refusal.code) throw Object.assign(new Error(`${refusal.code}: mkdtemp`), { code: refusal.code });
    return fs.mkdtempSync(prefix);
  };
  return { ...fs, default: { ...fs, mkdtempSync }, mkdtempSync };
});

afterEach(() => {
  refusal.code = undefined;
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** Makes listening on any Unix socket fail with a code; TCP ports work. */
function refuseSockets(code: string): void {
  const listen = Server.prototype.listen;
  vi.spyOn(Server.prototype, 'listen').mockImplementation(function (this: Server, ...args: unknown[]) {
    if (!(args[0] as { path?: string })?.path) return listen.apply(this, args as never);
    queueMicrotask(() => this.emit('error', Object.assign(new Error(`listen ${code}`), { code })));
    return this;
  });
}
const refusals: [string, string, () => void][] = [
  ...['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EMFILE', 'ENOTDIR', 'EIO'].map(
    (code): [string, string, () => void] => [
      `a directory (${code})`,
      code,
      () => {
        refusal.code = code;
      },
    ],
  ),
  ...['EACCES', 'EPERM', 'EMFILE', 'ENFILE', 'EADDRINUSE', 'ENOTSUP'].map(
    (code): [string, string, () => void] => [`a socket (${code})`, code, () => refuseSockets(code)],
  ),
];
const nextStep = /; (?:set TMPDIR to|raise the|make room)/;

describe.each(refusals)('a system error at the creation of %s', (_, code, refuse) => {
  test('is reported once with the next step, and the worker continues with its own metrics', async () => {
    refuse();
    const logged: string[] = [];
    const monitoring = await monitor({ port: 0, agentName: 'a', log: (message) => logged.push(message) });
    try {
      expect(logged).toEqual([
        expect.stringMatching(
          /^talkgauge: .*The agent goes on without metrics of its jobs; it is tried again\.$/,
        ),
      ]);
      expect(logged[0]).toContain(`(${code})`);
      expect(logged[0]).toMatch(nextStep);
      expect(process.env.TALKGAUGE_SOCKET).toBeUndefined();
      const answer = await fetch(`${monitoring.url}/metrics`);
      expect(sampleOf(await answer.text(), 'lk_agents_child_process_count')).toBe(0);
    } finally {
      await monitoring.close();
    }
  });

  test('stops the agent with strict and leaves no files', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'talkgauge-refusals-'));
    vi.stubEnv('TMPDIR', folder);
    refuse();
    await expect(monitor({ port: 0, strict: true })).rejects.toThrow(nextStep);
    expect(process.env.TALKGAUGE_SOCKET).toBeUndefined();
    expect(readdirSync(folder)).toEqual([]);
    rmSync(folder, { recursive: true });
  });
});

test('a worker is monitored even if its log function throws', async () => {
  refusal.code = 'EACCES';
  const monitoring = await monitor({
    port: 0,
    log: () => {
      throw new Error('the log is closed');
    },
  });
  expect(monitoring.url).toBeDefined();
  await monitoring.close();
});

test('an inherited socket variable is not passed on to the jobs', async () => {
  process.env.TALKGAUGE_SOCKET = '/another/worker.sock';
  refusal.code = 'EACCES';
  const monitoring = await monitor({ port: 0, log: () => {} });
  expect(process.env.TALKGAUGE_SOCKET).toBeUndefined();
  await monitoring.close();
});

describe('with talkgauge/register', () => {
  const refuse = () => Promise.reject(new Error('the system refuses'));
  const sdkOf = () => {
    const events: string[] = [];
    class AgentSession {
      async start() {
        events.push('the session starts');
      }
    }
    class AgentServer {
      async run() {
        events.push('the server runs');
      }
    }
    const getJobContext = () => {
      throw new Error('there is none');
    };
    const sdk = { voice: { AgentSession }, AgentServer, getJobContext } as unknown as Sdk;
    return { events, sdk, AgentSession, AgentServer };
  };

  test('a session starts even if monitoring fails and the SDK throws', async () => {
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const { sdk, AgentSession, events } = sdkOf();
    observeSessions(sdk, { inJobProcess: false, monitor: refuse, strict: false });
    await new AgentSession().start();
    expect(events).toEqual(['the session starts']);
    expect(warned.mock.calls[0]?.[0]).toBe('talkgauge: the session is not monitored: the system refuses');
  });

  test('with strict the session does not start', async () => {
    const { sdk, AgentSession, events } = sdkOf();
    observeSessions(sdk, { inJobProcess: false, monitor: refuse, strict: true });
    await expect(new AgentSession().start()).rejects.toThrow('the system refuses');
    expect(events).toEqual([]);
  });

  test('a server runs after monitoring has started, and the wrapper is removed', async () => {
    const { sdk, AgentServer, events } = sdkOf();
    const { run } = AgentServer.prototype;
    monitorServer(sdk, async () => void events.push('monitored'));
    await new AgentServer().run();
    expect(events).toEqual(['monitored', 'the server runs']);
    expect(AgentServer.prototype.run).toBe(run);
  });
});
