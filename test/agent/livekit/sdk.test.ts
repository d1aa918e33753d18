import { afterEach, describe, expect, test, vi } from 'vitest';
import { isJobProcess, isSdkChild, loadedSdk } from '../../../src/agent/livekit/sdk.ts';

const { argv, send } = process;
afterEach(() => {
  process.argv = argv;
  process.send = send;
});

describe.each([
  ['/app/node_modules/@livekit/agents/dist/ipc/job_proc_lazy_main.js', true, true],
  ['/app/node_modules/@livekit/agents/dist/ipc/job_proc_lazy_main.cjs', true, true],
  ['C:\\app\\ipc\\job_proc_lazy_main.js', true, true],
  ['/app/node_modules/@livekit/agents/dist/ipc/inference_proc_lazy_main.js', false, true],
  ['/app/agent.js', false, false],
  ['/app/my_job_proc_lazy_main.js', false, false],
  ['/app/job_proc_lazy_main.json', false, false],
])('a process with the main module %s', (main, job, child) => {
  test(`is ${job ? '' : 'no '}job's, and was ${child ? '' : 'not '}forked by the SDK`, () => {
    process.argv = ['node', main];
    process.send = vi.fn();
    expect([isJobProcess(), isSdkChild()]).toEqual([job, child]);
  });

  test('a process that was not forked does not belong to the SDK', () => {
    process.argv = ['node', main];
    process.send = undefined;
    expect([isJobProcess(), isSdkChild()]).toEqual([false, false]);
  });
});

test('the SDK of a program is resolved from its main module', async () => {
  const sdk = await loadedSdk();
  expect(sdk?.version).toMatch(/^1\./);
  expect(typeof sdk?.AgentServer).toBe('function');
});
