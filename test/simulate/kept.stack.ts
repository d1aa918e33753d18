import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { credentialsOf, startSessionGateway } from '../../src/simulate/uploads.ts';
import { type Run, startSimulation } from './running.ts';

const folder = mkdtempSync(join(tmpdir(), 'talkgauge kept '));
let run: Run | undefined;
let gateway: ChildProcess | undefined;
afterEach(async () => {
  gateway?.kill('SIGKILL');
  await run?.clean();
  rmSync(folder, { recursive: true, force: true });
});

test('stored sessions can be opened with the command printed at the end', async () => {
  run = startSimulation('--calls', '1', '--speed', '5', '--quiet', '--data', folder);
  expect(await run.exit()).toBe(0);
  const [, command] = run.output().match(/^The sessions are stored; to open them again, run: (.+)\n$/m) ?? [];
  gateway = spawn('sh', ['-c', `exec env ${command} --port 0`]);
  let said = '';
  gateway.stdout?.on('data', (chunk) => (said += chunk));
  const url = await vi.waitFor(
    () => {
      const found = said.match(/^LIVEKIT_OBSERVABILITY_URL=(\S+)\n/)?.[1];
      expect(found).toBeDefined();
      return found;
    },
    { timeout: 30_000 },
  );
  const { sessions } = (await (await fetch(`${url}/api/sessions`)).json()) as { sessions: object[] };
  expect(sessions).toEqual([expect.objectContaining({ status: 'complete', hasTranscript: true })]);
}, 120_000);

test('the error for an invalid gateway port names the option of the simulation', async () => {
  await expect(
    startSessionGateway({
      port: 70_000,
      directory: folder,
      credentials: credentialsOf(undefined),
      log: () => {},
    }),
  ).rejects.toThrow(
    'Port 70000 is not a whole number from 0 to 65535; pass { gatewayPort } or set TALKGAUGE_SIMULATE_GATEWAY_PORT',
  );
});
