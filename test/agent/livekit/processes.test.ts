import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { watchProcesses } from '../../../src/agent/livekit/processes.ts';
import type { MetricName } from '../../../src/catalogue/metrics.ts';
import type { Observation } from '../../../src/catalogue/observation.ts';
import { valuesOf } from './call.ts';

let observations: Observation[];
let stop: () => void;
let children: ChildProcess[];
beforeEach(() => {
  observations = [];
  children = [];
  stop = watchProcesses((observation) => observations.push(observation));
});
afterEach(async () => {
  stop();
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

/** Forks one of the scripts in ./processes. */
function start(name: 'job_proc_lazy_main' | 'inference_proc_lazy_main' | 'other'): ChildProcess {
  const child = fork(join(import.meta.dirname, 'processes', `${name}.mjs`));
  children.push(child);
  return child;
}

async function initialize(child: ChildProcess): Promise<void> {
  await once(child, 'spawn');
  child.send({ case: 'initializeRequest' });
  await once(child, 'message');
}

async function end(child: ChildProcess, message: object): Promise<void> {
  const exited = once(child, 'exit');
  child.send(message);
  await exited;
}

const gauge = (metric: MetricName) => valuesOf(observations, metric).reduce((sum, value) => sum + value, 0);
const shown = () => [gauge('lk_agents_child_process_count'), gauge('lk_agents_active_job_count')];
const exits = () =>
  observations
    .filter(({ metric, value }) => metric === 'lk_agents_job_exits_total' && value > 0)
    .map(({ labels }) => labels.outcome);

test('process and job series are 0 for this host before the first process', () => {
  const labelsOf = (name: MetricName) =>
    observations.filter(({ metric, value }) => metric === name && value === 0).map(({ labels }) => labels);
  expect(labelsOf('lk_agents_child_process_count')).toEqual([{ nodename: hostname() }]);
  expect(labelsOf('lk_agents_active_job_count')).toEqual([{ nodename: hostname() }]);
  const outcomes = [{ outcome: 'finished' }, { outcome: 'crashed' }, { outcome: 'killed' }];
  expect(labelsOf('lk_agents_job_exits_total')).toEqual(outcomes);
  expect(observations).toHaveLength(5);
});

test('a job is active from its start to its end, and the start-up time of its process is measured', async () => {
  const child = start('job_proc_lazy_main');
  await initialize(child);
  expect(shown()).toEqual([1, 0]);
  const [took, ...more] = valuesOf(observations, 'lk_agents_proc_initialize_duration_seconds');
  expect(more).toEqual([]);
  expect(took).toBeGreaterThan(0.005);
  child.send({ case: 'startJobRequest', value: {} });
  child.send({ case: 'startJobRequest', value: {} });
  expect(shown()).toEqual([1, 1]);
  await end(child, { case: 'end' });
  expect(shown()).toEqual([0, 0]);
  expect(exits()).toEqual(['finished']);
});

describe('a job', () => {
  const run = async () => {
    const child = start('job_proc_lazy_main');
    await initialize(child);
    child.send({ case: 'startJobRequest', value: {} });
    return child;
  };

  test('with an entry function that threw has crashed, although it exits with 0', async () => {
    await end(await run(), { case: 'throw' });
    expect(exits()).toEqual(['crashed']);
  });

  test('that exits with another code has crashed', async () => {
    await end(await run(), { case: 'end', value: 3 });
    expect(exits()).toEqual(['crashed']);
  });

  test('that was killed is counted as killed and is no longer active', async () => {
    const child = await run();
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(exits()).toEqual(['killed']);
    expect(shown()).toEqual([0, 0]);
  });

  test('that never started is not counted as ended', async () => {
    const child = start('job_proc_lazy_main');
    await initialize(child);
    await end(child, { case: 'end' });
    expect(exits()).toEqual([]);
    expect(shown()).toEqual([0, 0]);
  });
});

test('an inference process is counted without a job', async () => {
  const child = start('inference_proc_lazy_main');
  await initialize(child);
  expect(shown()).toEqual([1, 0]);
  expect(valuesOf(observations, 'lk_agents_proc_initialize_duration_seconds')).toEqual([]);
  await end(child, { case: 'end' });
  expect(shown()).toEqual([0, 0]);
  expect(exits()).toEqual([]);
});

test('other processes of the program are ignored', async () => {
  const child = start('other');
  const { send } = child;
  await initialize(child);
  expect(child.send).toBe(send);
  expect(shown()).toEqual([0, 0]);
  await end(child, { case: 'end' });
});

test('processes forked after the stop are ignored', async () => {
  stop();
  await initialize(start('job_proc_lazy_main'));
  expect(shown()).toEqual([0, 0]);
});
