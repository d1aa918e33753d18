import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { kindOf } from '../../src/gateway/receive/endpoints.ts';
import { pair, runTypedCall } from './javascript.ts';
import { startProxy } from './proxy.ts';
import { startPythonWorker, version } from './python/worker.ts';
import { newFolder } from './running.ts';

const main = join(import.meta.dirname, '../../dist/cli.js');
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** `talkgauge gateway`, as a user runs it. */
async function startProcess(directory: string) {
  const child = spawn(
    process.execPath,
    [main, 'gateway', '--port', '0', '--data', directory, '--min-free-mb', '0'],
    {
      env: { ...process.env, LIVEKIT_API_KEY: pair.key, LIVEKIT_API_SECRET: pair.secret },
    },
  );
  children.push(child);
  let said = '';
  child.stdout.on('data', (chunk) => (said += chunk));
  const url = await vi.waitFor(
    () => {
      const found = said.match(/^LIVEKIT_OBSERVABILITY_URL=(\S+)\n/)?.[1];
      if (found === undefined) throw new Error('the gateway did not start');
      return found;
    },
    { timeout: 60_000, interval: 50 },
  );
  return { child, url };
}

/** A gateway behind a fixed address. It is killed when a part of a recording has arrived, and restarted. */
async function startKilledGateway() {
  const directory = newFolder();
  const spool = join(directory, 'spool');
  const parts = () => readdirSync(spool).filter((name) => name.endsWith('.part'));
  let gateway = await startProcess(directory);
  let killed: Promise<void> | undefined;

  async function killDuring(incoming: IncomingMessage): Promise<void> {
    const { hostname, port } = new URL(gateway.url);
    const { url: path, headers } = incoming;
    const sent = request({ hostname, port, path, method: 'POST', headers }).on('error', () => {});
    incoming.once('data', (chunk) => sent.write(chunk.subarray(0, 100)));
    await vi.waitFor(() => expect(parts()).toHaveLength(1), { timeout: 30_000, interval: 5 });
    gateway.child.kill('SIGKILL');
    await once(gateway.child, 'exit');
    incoming.socket.destroy();
    gateway = await startProcess(directory);
  }

  const proxy = await startProxy(
    () => gateway.url,
    (incoming, _outgoing, forward) => {
      if (killed || kindOf(incoming.url ?? '') !== 'recordings') return forward();
      killed = killDuring(incoming);
    },
  );
  return {
    url: proxy.url,
    parts,
    /** The sessions, after the gateway was killed and restarted. */
    async sessions() {
      await killed;
      return vi.waitFor(
        async () => {
          const { sessions } = (await (await fetch(`${gateway.url}/api/sessions`)).json()) as {
            sessions: { hasReport: boolean }[];
          };
          expect(sessions).toEqual([expect.objectContaining({ hasReport: true })]);
          return sessions;
        },
        { timeout: 30_000, interval: 100 },
      );
    },
  };
}

// An unanswered recording upload keeps a job of Node.js running for 15 minutes.
describe('a gateway that is killed during a recording upload and restarted', () => {
  test('lets a job of Node.js exit, and has the uploads accepted before', async () => {
    const gateway = await startKilledGateway();
    await runTypedCall(gateway.url);
    await gateway.sessions();
    expect(gateway.parts()).toEqual([]);
  });

  test.skipIf(version === undefined && !process.env.CI)(
    'lets a job of Python exit, and has the uploads sent after the restart',
    async () => {
      const gateway = await startKilledGateway();
      const worker = await startPythonWorker(gateway.url, pair);
      try {
        await worker.run('AJ_python', ['Hello']);
        await gateway.sessions();
        expect(gateway.parts()).toEqual([]);
      } finally {
        await worker.close();
      }
    },
  );
});
