import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catalogue } from '../../src/catalogue/metrics.ts';
import { type Expectation, expectations, readOracle, total } from './account.ts';
import { type Run, startSimulation } from './running.ts';

/** One run of the real thing, with its real processes: every scene once, people talking three times as fast. */
describe('a run of the simulated call centre', () => {
  const folder = mkdtempSync(join(tmpdir(), 'earshot-oracle-'));
  const oracle = join(folder, 'jobs');
  const metrics = join(folder, 'metrics.txt');
  const data = join(folder, 'data');
  let run: Run;
  let code: unknown;
  let exposition: string;
  let expected: Expectation[];

  beforeAll(async () => {
    const counted = ['--oracle', oracle, '--metrics', metrics];
    run = startSimulation('--once', '--speed', '3', '--rate', '60', '--data', data, ...counted);
    code = await run.exit();
    exposition = readFileSync(metrics, 'utf8');
    expected = expectations(readOracle(oracle));
  }, 180_000);
  afterAll(async () => {
    await run.clean();
    rmSync(folder, { recursive: true, force: true });
  });

  test('ends by itself when it has had its calls', () => {
    expect({ code, output: run.output() }).toEqual({
      code: 0,
      output: expect.stringMatching(/^metrics http.*10 calls and \d\d turns in /s),
    });
  });

  test('leaves no process and no file behind', () => {
    expect([run.leftProcesses(), run.leftFiles()]).toEqual([[], []]);
  });

  test('has uploaded each call, with what was said and its sound unless its process was lost', () => {
    const sessions = readdirSync(join(data, 'sessions'));
    expect(sessions).toHaveLength(10);
    const having = (file: string) =>
      sessions.filter((session) => existsSync(join(data, 'sessions', session, file))).length;
    expect([having('spans.jsonl'), having('transcript.json'), having('audio.ogg')]).toEqual([10, 8, 8]);
  });

  const reports = join(data, 'reports');
  const written = (kind: string) => readdirSync(reports).filter((name) => name.endsWith(kind));
  const outcomes = (shown: string) =>
    ['written', 'uploaded', 'failed', 'deadline', 'recovered'].map((outcome) =>
      total(shown, 'earshot_session_reports_total', { outcome }),
    );

  test('has written a report of each call, which says what happened in it, unless its process was lost', () => {
    // On a slow machine, the first of the lost are a minute ago.
    const [ok = 0, uploaded, failed, late, recovered = 0] = outcomes(exposition);
    expect([ok, uploaded, failed, late, recovered + written('.journal').length]).toEqual([8, 0, 0, 0, 2]);
    expect(written('.json')).toHaveLength(8 + recovered);
    const read = written('.json').map((name) => JSON.parse(readFileSync(join(reports, name), 'utf8')));
    const whole = read.filter(({ closeReason }) => closeReason !== 'crashed');
    expect(whole.map(({ jobId }) => jobId).every((id) => /^AJ_[0-9a-z]+_\d{5}$/.test(id))).toBe(true);
    expect(whole.filter(({ counts, durationSeconds }) => counts.turns < 1 || durationSeconds < 1)).toEqual(
      [],
    );
    const tools = whole.reduce((sum, { counts }) => sum + counts.toolCalls, 0);
    expect(tools).toBeGreaterThan(5);
    expect(tools).toBeLessThanOrEqual(total(exposition, 'lk_agents_tool_calls_total'));
  });

  test('has the reports of lost calls written by the next worker that finds their journals', async () => {
    const minutesAgo = Date.now() / 1000 - 180;
    const lost = written('.journal');
    for (const name of lost) utimesSync(join(reports, name), minutesAgo, minutesAgo);
    const next = join(folder, 'next.txt');
    const again = startSimulation('--calls', '1', '--speed', '3', '--data', data, '--metrics', next);
    expect(await again.exit()).toBe(0);
    await again.clean();
    expect(outcomes(readFileSync(next, 'utf8'))).toEqual([1, 0, 0, 0, lost.length]);
    expect([written('.json').length, written('.journal').length]).toEqual([11, 0]);
  });

  test('has samples in every series that the SDK can emit without a room', () => {
    const empty = Object.entries(catalogue)
      .filter(([name, { needsRoom }]) => name.startsWith('lk_agents_') && !needsRoom)
      .filter(([name, { type }]) => {
        if (type === 'histogram') return total(exposition, `${name}_count`) === 0;
        // A gauge is back at 0 when all is over; that it is there is all there is to see.
        return type === 'gauge' ? !exposition.includes(`\n${name}{`) : total(exposition, name) === 0;
      })
      .map(([name]) => name);
    expect(empty).toEqual([]);
  });

  test('counts exactly what its jobs say that they emitted', () => {
    const found = expected.map(({ series, labels, value }) => ({
      series,
      labels,
      value:
        Math.abs(total(exposition, series, labels) - value) < 1e-6
          ? value
          : total(exposition, series, labels),
    }));
    expect(found).toEqual(expected);
  });

  test('has something to count in each of these', () => {
    expect(expected.filter(({ value }) => value === 0)).toEqual([]);
  });

  test('has each kind of end: by itself, by a crash, by a signal', () => {
    const exits = ['finished', 'crashed', 'killed'].map((outcome) =>
      total(exposition, 'lk_agents_job_exits_total', { outcome }),
    );
    // The exception that nobody catches, and the entry function that throws; the job that kills itself.
    expect(exits).toEqual([7, 2, 1]);
  });

  test('has requests that went well, failed and were cancelled, as real ones do', () => {
    const requests = (outcome: string) =>
      ['llm', 'tts', 'realtime'].map((model) =>
        total(exposition, `lk_agents_${model}_requests_total`, { outcome }),
      );
    const [llm = 0, tts = 0, realtime = 0] = requests('ok');
    expect([llm > 20, tts > 30, realtime > 8]).toEqual([true, true, true]);
    const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
    expect(sum(requests('cancelled'))).toBeGreaterThan(1);
    expect(sum(requests('error'))).toBeGreaterThan(1);
  });

  test('loses nothing on the way', () => {
    expect(total(exposition, 'earshot_samples_dropped_total')).toBe(0);
    expect(total(exposition, 'lk_agents_sessions_active')).toBe(0);
  });
});
