import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { total } from './account.ts';
import { type Run, startSimulation } from './running.ts';

const runs: Run[] = [];
const start = (...args: string[]) => {
  const run = startSimulation(...args);
  runs.push(run);
  return run;
};
afterEach(async () => {
  for (const run of runs.splice(0)) await run.clean();
});

const metricsOf = async (url: string) => (await fetch(`${url}/metrics`)).text();
const soon = { timeout: 200_000, interval: 250 };
const nothing = (run: Run) => expect([run.leftProcesses(), run.leftFiles()]).toEqual([[], []]);

describe('stopping the call centre', () => {
  test.each([
    ['SIGINT', 3],
    ['SIGTERM', 1],
  ] as const)('by %s ends its calls and leaves nothing behind', async (signal, calls) => {
    const run = start('--concurrency', String(calls));
    const url = await run.url();
    await vi.waitFor(
      async () => expect(total(await metricsOf(url), 'lk_agents_sessions_active')).toBe(calls),
      soon,
    );
    expect(run.leftProcesses().length).toBeGreaterThanOrEqual(calls);
    run.process.kill(signal);
    expect(await run.exit()).toBe(0);
    expect(run.output()).toMatch(new RegExp(`${calls} calls? and`));
    nothing(run);
  });

  test('with a second signal does not wait for the end of calls', async () => {
    const run = start('--concurrency', '1');
    await run.url();
    run.process.kill('SIGINT');
    run.process.kill('SIGINT');
    await run.exit();
    await vi.waitFor(() => nothing(run), soon);
  });

  test.each<[when: string, reached: (run: Run) => boolean]>([
    ['before it does anything', () => true],
    ['when its first file is there', (run) => run.leftFiles().length > 0],
    ['when its first process is there', (run) => run.leftProcesses().length > 0],
    ['when it says where its metrics are', (run) => run.output().includes('metrics http')],
    ['when a call has a process of its own', (run) => run.leftProcesses().length > 1],
  ])('%s leaves nothing behind', async (_, reached) => {
    const run = start('--concurrency', '1');
    await vi.waitFor(() => expect(reached(run)).toBe(true), { timeout: 200_000, interval: 20 });
    run.process.kill('SIGINT');
    await run.exit();
    await vi.waitFor(() => nothing(run), soon);
  });

  test('by SIGKILL also ends its jobs', async () => {
    const run = start('--concurrency', '2');
    const url = await run.url();
    await vi.waitFor(
      async () => expect(total(await metricsOf(url), 'lk_agents_sessions_active')).toBe(2),
      soon,
    );
    run.process.kill('SIGKILL');
    await run.exit();
    await vi.waitFor(() => expect(run.leftProcesses()).toEqual([]), soon);
  });
});

describe('the call centre', () => {
  test('has incidents that the command line switches while it runs', async () => {
    const run = start('--concurrency', '1');
    const control = await run.controlUrl();
    const command = start('incident', 'slow-llm', 'on', '--control', control);
    expect(command.process.spawnargs).toContain('incident');
    await command.exit();
    const shown = (await (await fetch(`${control}/incidents`)).json()) as Record<string, { on: boolean }>;
    expect([shown['slow-llm']?.on, shown['tts-stall']?.on]).toEqual([true, false]);
  });

  test('exits with instructions if its port is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const run = start('--port', String(port));
    expect(await run.exit()).toBe(1);
    expect(run.output()).toBe(
      `talkgauge simulate: Port ${port} is in use; pass --port or set TALKGAUGE_PORT\n`,
    );
    nothing(run);
    other.close();
  });

  test('exits with the name of an invalid option', async () => {
    const run = start('--rate', '-3');
    expect(await run.exit()).toBe(1);
    expect(run.output()).toBe('talkgauge simulate: --rate is -3, but takes a number from 0.1 to 6000\n');
  });
});
