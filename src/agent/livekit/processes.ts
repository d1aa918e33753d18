import type { ChildProcess } from 'node:child_process';
import diagnostics from 'node:diagnostics_channel';
import { hostname } from 'node:os';
import { performance } from 'node:perf_hooks';
import { observation, type Sink } from '../../catalogue/observation.ts';
import {
  kindOfProcess,
  messageOf,
  type ProcessMessage,
  processMessages,
  sentMessageOf,
} from '../../private-apis/readers.ts';
import { warnMissing } from '../../private-apis/table.ts';

const channel = 'child_process';

/**
 * Watches the processes that the SDK forks: their number, how many run a job, their start time, and the ends of their jobs.
 * The SDK has no events for that, so that Node's `child_process` diagnostics channel is used, and the messages of each
 * process. Returns a function that stops watching.
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

  // An error thrown by a subscriber of a channel ends the process.
  const onFork = guarded((event: unknown) => {
    const child = (event as { process: ChildProcess }).process;
    const forkedAt = performance.now();
    // Its main module is known, and `send` exists, after it has been spawned.
    child.once(
      'spawn',
      guarded(() => {
        for (const argument of child.spawnargs) {
          const kind = kindOfProcess(argument);
          if (kind) return watch(child, forkedAt, kind === 'job');
        }
      }),
    );
  });

  function watch(child: ChildProcess, forkedAt: number, isJob: boolean): void {
    let initialized = false;
    let running = false;
    let reason: string | undefined;
    add('lk_agents_child_process_count', 1);
    if (isJob)
      onSend(child, (message) => {
        if (message.case !== processMessages.jobStart || running) return;
        running = true;
        // A process that is not ready gets no job.
        if (!initialized) warnMissing('processMessages');
        add('lk_agents_active_job_count', 1);
      });
    child.on('message', (received: unknown) => {
      const message = messageOf(received);
      if (message.case === processMessages.exiting) reason = message.value?.reason;
      if (message.case === processMessages.ready && isJob) {
        initialized = true;
        const took = (performance.now() - forkedAt) / 1000;
        sink(observation('lk_agents_proc_initialize_duration_seconds', { nodename }, took));
      }
    });
    child.once('exit', (code, signal) => {
      add('lk_agents_child_process_count', -1);
      if (!running) return;
      add('lk_agents_active_job_count', -1);
      // A job whose entry function threw sends its reason, and exits with 0.
      const crashed = code !== 0 || reason === processMessages.crashed;
      exited(signal ? 'killed' : crashed ? 'crashed' : 'finished', 1);
    });
  }

  diagnostics.subscribe(channel, onFork);
  return () => diagnostics.unsubscribe(channel, onFork);
}

/** Observes the worker's messages to a process: the only sign of a job's start. */
function onSend(child: ChildProcess, seen: (message: ProcessMessage) => void): void {
  const send = child.send;
  const look = guarded((message: unknown) => seen(sentMessageOf(message)));
  child.send = function (this: ChildProcess, ...args: Parameters<ChildProcess['send']>) {
    look(args[0]);
    return send.apply(this, args);
  } as ChildProcess['send'];
}

/** Errors here must not reach the worker. */
function guarded<A extends unknown[]>(work: (...args: A) => void): (...args: A) => void {
  return (...args) => {
    try {
      work(...args);
    } catch {
      warnMissing('processMain');
    }
  };
}
