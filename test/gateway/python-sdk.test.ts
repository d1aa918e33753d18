import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { listenSignalling } from '../../src/simulate/signalling.ts';
import { atOnce, judged, never, seriesOf } from './metrics/series.ts';
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
  const gateway = await startTestGateway({ keys: { pair }, patience: never });
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

    // When it has all come, it is measured.
    await gateway.close();
    const measuring = await startTestGateway({ directory: gateway.directory, patience: atOnce });
    await judged(measuring, 'measured');
    const model = 'model_provider="openai",model_name="gpt-4o-mini"';
    expect(await seriesOf(measuring)).toMatchObject({
      'turns_total{outcome="completed",tools="no"}': 2,
      'turns_total{outcome="completed",tools="yes"}': 1,
      session_turns_sum: 3,
      // The answers. With the call of the tool, there were four requests.
      [`turn_llm_ttft_seconds_count{${model}}`]: 3,
      [`llm_requests_total{${model},outcome="ok"}`]: 4,
      [`llm_ttft_seconds_count{${model}}`]: 4,
      // It is told in seconds; of milliseconds, there would be a thousand times as many.
      [`llm_duration_seconds_sum{${model}}`]: expect.toSatisfy(
        (seconds: number) => seconds > 0 && seconds < 60,
      ),
      [`usage_llm_input_tokens_total{${model}}`]: 400,
      [`usage_llm_input_cached_tokens_total{${model}}`]: 160,
      [`usage_llm_output_tokens_total{${model}}`]: 28,
      // To six decimals; see the cost above.
      [`cost_usd_total{${model},component="llm"}`]: 0.000065,
      'tool_calls_total{tool="book_table",outcome="error"}': 1,
      'tool_duration_seconds_count{tool="book_table"}': 1,
      'sessions_total{close_reason="user_initiated"}': 1,
      session_duration_seconds_count: 1,
    });
    const whose = { agent_name: 'front-desk', agent_version: '7.1.0' };
    expect(await measuring.metric('lk_agents_session_turns_sum', whose)).toBe(3);
  } finally {
    worker.kill('SIGKILL');
    await signalling.close();
  }
});
