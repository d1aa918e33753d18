import { fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Children, superviseChildren } from '../../src/simulate/worker.ts';

let directory: string;
let output: number;
let children: Children;
let script: string;
const ended: string[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'talkgauge-test-'));
  script = join(directory, 'child.mjs');
  // Ignores the signals that children of the SDK ignore, and runs until it is stopped or killed.
  writeFileSync(
    script,
    `process.on('SIGTERM', () => {});
     console.log('secret is', process.env.SECRET);
     process.on('message', (message) => message === 'leave' && process.exit(0));
     process.send('ready');`,
  );
  output = openSync(join(directory, 'log'), 'a');
  ended.length = 0;
  children = superviseChildren({ output, environment: { SECRET: '42' }, onJobEnd: (id) => ended.push(id) });
});
afterEach(async () => {
  await children.kill();
  children.release();
  closeSync(output);
  rmSync(directory, { recursive: true, force: true });
});

const startJob = (id: string) => ({ case: 'startJobRequest', value: { runningJob: { job: { id } } } });

async function ready() {
  const child = fork(script);
  await once(child, 'message');
  return child;
}

describe('the processes that the SDK forks', () => {
  test('write to the log and get the environment that they need', async () => {
    await ready();
    await vi.waitFor(() => expect(readFileSync(join(directory, 'log'), 'utf8')).toContain('secret is 42'));
  });

  test('are counted while they run', async () => {
    const child = await ready();
    expect(children.alive).toBe(1);
    child.send('leave');
    await once(child, 'exit');
    expect([children.alive, await children.gone(0)]).toEqual([0, true]);
  });

  test('report the end of their job', async () => {
    const child = await ready();
    child.send(startJob('AJ_7'));
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(ended).toEqual(['AJ_7']);
  });

  test('are killed as a last resort', async () => {
    const child = await ready();
    child.kill('SIGTERM');
    expect(await children.gone(50)).toBe(false);
    await children.kill();
    expect([children.alive, child.signalCode]).toEqual([0, 'SIGKILL']);
  });

  test('may finish their job while idle processes are killed, and are not replaced', async () => {
    const [idle, working] = [await ready(), await ready()];
    working.send(startJob('AJ_8'));
    children.killIdle();
    await once(idle, 'exit');
    const replacement = fork(script);
    await once(replacement, 'exit');
    expect([idle.signalCode, replacement.signalCode, working.exitCode]).toEqual(['SIGKILL', 'SIGKILL', null]);
    working.send('leave');
    expect(await children.gone(5000)).toBe(true);
  });

  test('are not stopped after the release', async () => {
    children.release();
    const child = fork(script, { silent: true });
    await once(child, 'message');
    expect(children.alive).toBe(0);
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
});
