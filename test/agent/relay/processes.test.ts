import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startIdleWorker, startJob, startWorker } from './processes/spawn.ts';
import { dropped, exposed, startRelay } from './relay.ts';

const handoffs = 'lk_agents_handoffs_total';
const turns = 'lk_agents_session_turns_count';
const active = 'lk_agents_sessions_active';
const sessionsEnded = 'lk_agents_sessions_total';

const eventually = (check: () => Promise<void> | void) =>
  vi.waitFor(check, { timeout: 20_000, interval: 20 });

/** The value of a series of `front-desk` without further labels. */
const value = (text: string, name: string): string | undefined =>
  text.match(new RegExp(`^${name}\\{agent_name="front-desk",agent_version="1\\.4\\.0"\\} (.*)$`, 'm'))?.[1];

test.each([
  ['killed', 'promise'],
  ['killed', 'immediate'],
  ['killed', 'timer'],
  ['killed at start', 'promise'],
  ['killed at start', 'immediate'],
  ['killed at start', 'timer'],
])('a job %s with SIGKILL in the next %s loses nothing', async (scenario, how) => {
  const { recorder, server } = await startRelay();
  const jobs = Array.from({ length: 5 }, () => startJob(scenario, server.path, how));
  expect(await Promise.all(jobs.map(({ ended }) => ended))).toEqual(Array(5).fill('SIGKILL'));
  await eventually(async () => {
    expect(await exposed(recorder, turns)).toEqual(['50']);
    expect(await exposed(recorder, handoffs)).toEqual(['5']);
    // The sessions that were left active are removed and counted as crashed.
    expect(await exposed(recorder, active)).toEqual([]);
    expect(await exposed(recorder, sessionsEnded)).toEqual(['{close_reason="crashed"} 5']);
    expect(server.connections).toBe(0);
  });
  expect(await dropped(recorder)).toEqual([]);
});

test('a job that exits in the tick it records in loses nothing', async () => {
  const { recorder, server } = await startRelay();
  expect(await startJob('exits', server.path).ended).toBe(0);
  await eventually(async () => {
    expect(await exposed(recorder, handoffs)).toEqual(['1']);
    expect(await exposed(recorder, sessionsEnded)).toEqual(['{close_reason="crashed"} 1']);
  });
});

test('an idle job exits, and its observations arrive', async () => {
  const { recorder, server } = await startRelay();
  expect(await startJob('idle', server.path).ended).toBe(0);
  await eventually(async () => expect(await exposed(recorder, handoffs)).toEqual(['1']));
});

test('a job continues without its worker and exits when it is idle', async () => {
  const job = startJob('busy', '/tmp/no-such-socket-of-relay-test');
  expect(await job.ended).toBe(0);
  expect(job.output()).toBe('done\n');
});

test('a job continues while its worker is stopped and exits when it is idle', async () => {
  const worker = await startWorker();
  worker.stop();
  const job = startJob('busy', worker.socket);
  expect(await job.ended).toBe(0);
  expect(job.output()).toBe('done\n');
  worker.resume();
  await eventually(async () => expect(Number(value(await worker.expose(), turns))).toBeGreaterThan(1000));
});

test('a job that closes its client waits for a stopped worker without loss', async () => {
  const worker = await startWorker();
  worker.stop();
  const job = startJob('closing', worker.socket);
  await eventually(() => expect(job.output()).toBe('closing\n'));
  let over = false;
  void job.ended.then(() => {
    over = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(over).toBe(false);
  worker.resume();
  expect(await job.ended).toBe(0);
  await eventually(async () => {
    const text = await worker.expose();
    expect(value(text, turns)).toBe('20000');
    expect(value(text, handoffs)).toBe('1000');
    expect(value(text, active)).toBe('0');
    expect(text).toContain('close_reason="crashed"} 0\n');
    expect(text).not.toMatch(/^talkgauge_samples_dropped_total\{.*\} [^0]/m);
  });
});

test('a job reconnects to the successor of a killed worker', async () => {
  const directory = mkdtempSync(join('/tmp', 'relay-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'relay.sock');
  const first = await startWorker(path);
  first.stop();
  const job = startJob('closing', path);
  await eventually(() => expect(job.output()).toBe('closing\n'));
  await first.kill();
  const second = await startWorker(path); // replaces the socket of the first worker
  expect(await job.ended).toBe(0);
  await eventually(async () => {
    const text = await second.expose();
    const lost = text.match(/^talkgauge_samples_dropped_total\{.*reason="disconnected"\} (\d+)$/m)?.[1];
    // Data in the first worker's kernel buffer is lost; a partially sent frame is counted as dropped; the rest arrives.
    expect(Number(lost)).toBeGreaterThan(0);
    expect(Number(value(text, turns))).toBeGreaterThan(0);
    expect(Number(value(text, turns)) + Number(value(text, handoffs)) + Number(lost)).toBeLessThan(21_000);
    expect(value(text, active)).toBe('0');
  });
});

test('the totals of fifty jobs match the figures of the jobs, also while ten others are killed', async () => {
  const { recorder, server } = await startRelay();
  const jobs = Array.from({ length: 50 }, (_, seed) => startJob('call', server.path, `${seed}`));
  const killedJobs = Array.from({ length: 10 }, () => startJob('killed', server.path, 'promise'));
  expect(await Promise.all(killedJobs.map(({ ended }) => ended))).toEqual(Array(10).fill('SIGKILL'));
  expect(await Promise.all(jobs.map(({ ended }) => ended))).toEqual(Array(50).fill(0));
  const reported = jobs.map((job) => JSON.parse(job.output()));
  const total = (key: string) => reported.reduce((sum, each) => sum + each[key], 0);
  const sum = async (family: string) =>
    (await exposed(recorder, family)).reduce((all, line) => all + Number(line.split(' ').at(-1)), 0);
  await eventually(async () => {
    expect(server.connections).toBe(0);
    expect(await sum('lk_agents_llm_ttft_seconds_count')).toBe(total('samples'));
    expect(await sum('lk_agents_llm_ttft_seconds_sum')).toBe(total('seconds'));
    expect(await sum('lk_agents_usage_llm_output_tokens_total')).toBe(total('tokens'));
    expect(await sum(handoffs)).toBe(total('handoffs') + 10);
    expect(await exposed(recorder, active)).toEqual([]);
    expect(await exposed(recorder, sessionsEnded)).toEqual([
      '{close_reason="crashed"} 10',
      '{close_reason="user_initiated"} 50',
    ]);
  });
  expect(total('samples')).toBeGreaterThan(10_000);
  expect(await dropped(recorder)).toEqual([]);
}, 60_000);

test('a million tool names create a bounded number of series, and every call is counted', async () => {
  const { recorder, server } = await startRelay();
  expect(await startJob('many tools', server.path).ended).toBe(0);
  await eventually(async () => expect(server.connections).toBe(0));
  const series = await exposed(recorder, 'lk_agents_tool_calls_total');
  expect(series).toHaveLength(201); // 200 names and "other"
  expect(series).toContain('{tool="other",outcome="ok"} 3800');
  expect(await dropped(recorder)).toEqual(['{reason="series_limit"} 996000']);
});

test('a worker that exits without closing its relay leaves neither socket nor directory', async () => {
  const worker = await startWorker();
  expect(existsSync(worker.socket)).toBe(true);
  await worker.exit();
  expect(existsSync(dirname(worker.socket))).toBe(false);
});

test('an idle worker exits while jobs are connected', async () => {
  const worker = startIdleWorker();
  await eventually(() => expect(worker.output()).toMatch(/\n$/));
  const socket = worker.output().trim();
  startJob('running', socket);
  expect(await worker.ended).toBe(0);
  expect(existsSync(dirname(socket))).toBe(false);
});
