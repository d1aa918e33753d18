import type { ChildProcess } from 'node:child_process';
import diagnostics from 'node:diagnostics_channel';
import { hostname } from 'node:os';
import { performance } from 'node:perf_hooks';
import { observation, type Sink } from '../catalogue/observation.ts';

const channel = 'child_process';

/** The SDK's messages between a worker and its processes (ipc/message.ts), as far as they are read here. */
interface Message {
  case?: string;
  value?: { reason?: string };
}

/**
 * Watches the processes that the SDK forks: how many there are, how many run a job, how long they take to
 * be ready, how their jobs end. The SDK has no events for that, so Node's own `child_process` diagnostics
 * channel is used, and each process's messages. Returns the end of watching.
 */
export function watchProcesses(sink: Sink): () => void {
  const nodename = hostname();
  const add = (metric: 'lk_agents_child_process_count' | 'lk_agents_active_job_count', by: number) =>
    sink(observation(metric, { nodename }, by));
  add('lk_agents_child_process_count', 0);
  add('lk_agents_active_job_count', 0);
  const exited = (outcome: 'finished' | 'crashed' | 'killed', count: number) =>
    sink(observation('lk_agents_job_exits_total', { outcome }, count));
  // From 0, so that the first crash shows in a rate.
  for (const outcome of ['finished', 'crashed', 'killed'] as const) exited(outcome, 0);

  const onFork = (event: unknown) => {
    const child = (event as { process: ChildProcess }).process;
    const forkedAt = performance.now();
    // What it runs is known, and `send` exists, once it has been spawned.
    child.once('spawn', () => {
      const main = child.spawnargs.find((argument) => /(?:job|inference)_proc_lazy_main\./.test(argument));
      if (main) watch(child, forkedAt, main.includes('job_proc'));
    });
  };

  function watch(child: ChildProcess, forkedAt: number, isJob: boolean): void {
    let running = false;
    let reason: string | undefined;
    add('lk_agents_child_process_count', 1);
    if (isJob)
      onSend(child, (message) => {
        if (message.case !== 'startJobRequest' || running) return;
        running = true;
        add('lk_agents_active_job_count', 1);
      });
    child.on('message', (message: Message) => {
      if (message?.case === 'exiting') reason = message.value?.reason;
      if (message?.case === 'initializeResponse' && isJob) {
        const took = (performance.now() - forkedAt) / 1000;
        sink(observation('lk_agents_proc_initialize_duration_seconds', { nodename }, took));
      }
    });
    child.once('exit', (code, signal) => {
      add('lk_agents_child_process_count', -1);
      if (!running) return;
      add('lk_agents_active_job_count', -1);
      // A job whose entry function threw says so, and exits with 0 all the same.
      const crashed = code !== 0 || reason === 'job crashed';
      exited(signal ? 'killed' : crashed ? 'crashed' : 'finished', 1);
    });
  }

  diagnostics.subscribe(channel, onFork);
  return () => diagnostics.unsubscribe(channel, onFork);
}

/** Sees what a worker sends to one of its processes: only there does a job begin. */
function onSend(child: ChildProcess, seen: (message: Message) => void): void {
  const send = child.send;
  child.send = function (this: ChildProcess, ...args: Parameters<ChildProcess['send']>) {
    seen((args[0] ?? {}) as Message);
    return send.apply(this, args);
  } as ChildProcess['send'];
}
