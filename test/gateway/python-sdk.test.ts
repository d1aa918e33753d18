import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { listenSignalling } from '../../src/simulate/signalling.ts';
import { newFolder, startTestGateway } from './running.ts';

/** A Python with livekit-agents: `python3 -m venv venv && venv/bin/pip install -r test/gateway/python/requirements.txt`. */
const python = process.env.EARSHOT_TEST_PYTHON ?? 'python3';
const version = (() => {
  try {
    return execFileSync(python, ['-c', 'import livekit.agents as a; print(a.__version__)'], { stdio: 'pipe' })
      .toString()
      .trim();
  } catch {
    return undefined;
  }
})();
if (version === undefined) {
  console.warn(
    `${python} has no livekit-agents: set EARSHOT_TEST_PYTHON to one that has, to test uploads of the Python SDK`,
  );
}

/** Whether a process is there, and no zombie. */
function isAlive(pid: number): boolean {
  try {
    return !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

// In CI, where .ci/run installs it, its absence is a failure.
test.skipIf(version === undefined && !process.env.CI)('a job of the Python SDK arrives whole', async () => {
  const pair = { key: 'devkey', secret: 'a secret of at least thirty-two characters' };
  const gateway = await startTestGateway({ keys: { pair } });
  const signalling = await listenSignalling();
  const log = join(newFolder(), 'job.jsonl');
  const worker = spawn(python, [join(import.meta.dirname, 'python/agent.py'), 'start'], {
    env: {
      ...process.env,
      LIVEKIT_URL: signalling.url,
      LIVEKIT_API_KEY: pair.key,
      LIVEKIT_API_SECRET: pair.secret,
      // With a slash at its end, which Python keeps.
      LIVEKIT_OBSERVABILITY_URL: `${gateway.url}/`,
      LIVEKIT_AGENT_DEPLOYMENT: '7.1.0',
    },
  });
  let output = '';
  for (const stream of [worker.stdout, worker.stderr]) stream.on('data', (chunk) => (output += chunk));
  try {
    await Promise.race([
      signalling.registered,
      once(worker, 'exit').then(() => Promise.reject(new Error(`the worker exited:\n${output}`))),
    ]);
    const questions = ['What is the weather like?', 'Please book a table', 'Thank you'];
    await signalling.dispatch({
      id: 'AJ_python',
      agentName: 'front-desk',
      metadata: JSON.stringify({ log, questions }),
    });
    const told = await vi.waitFor(() => JSON.parse(readFileSync(log, 'utf8')), {
      timeout: 60_000,
      interval: 50,
    });
    await vi.waitFor(() => expect(isAlive(told.pid)).toBe(false), { timeout: 30_000, interval: 20 });
    expect(Date.now() - told.shutdown).toBeLessThan(5000);
    await gateway.drained(20_000);
    expect(await gateway.json('/api/sessions/AJ_python')).toMatchObject({
      agent: 'front-desk',
      version: '7.1.0',
      language: 'python',
      sdkVersion: version,
      status: 'complete',
      closeReason: 'user_initiated',
      turns: 3,
      toolCalls: 1,
      toolErrors: 1,
      hasTrace: true,
      hasLogs: true,
      hasReport: true,
      // 400 tokens, of which 160 cached, and 28.
      cost: expect.closeTo((240 * 0.15 + 160 * 0.075 + 28 * 0.6) / 1e6, 9),
    });
    const { items } = await gateway.json('/api/sessions/AJ_python/transcript');
    const said = items.filter(({ role }: { role?: string }) => role === 'user');
    expect(said.map(({ text }: { text: string }) => text)).toEqual(questions);
    const failed = items.find(({ isError }: { isError?: boolean }) => isError);
    expect(failed).toMatchObject({ name: 'book_table', output: 'no tables left' });
    const { spans } = await gateway.json('/api/sessions/AJ_python/trace');
    const names = new Set(spans.map(({ name }: { name: string }) => name));
    expect([...names]).toEqual(
      expect.arrayContaining(['job_entrypoint', 'agent_session', 'agent_turn', 'llm_request']),
    );
    expect(gateway.lines).toEqual([]);
  } finally {
    worker.kill('SIGKILL');
    await signalling.close();
  }
});
