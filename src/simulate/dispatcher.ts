import type { CallRequest } from './agent.ts';
import type { Incidents } from './incidents.ts';
import type { Settings } from './options.ts';
import { planCall } from './plan.ts';
import { createRandom } from './random.ts';
import type { Signalling } from './signalling.ts';

export interface DispatcherOptions {
  settings: Settings;
  signalling: Pick<Signalling, 'dispatch'>;
  incidents: Incidents;
  directory: string;
  /** Distinguishes the calls of this run from those of other runs in the same directory. */
  run: string;
}

/** Sends calls to the worker at the configured rate, up to the configured concurrency. */
export interface Dispatcher {
  readonly active: number;
  readonly done: number;
  /** Resolves when all requested calls have finished; never without a limit. */
  readonly finished: Promise<void>;
  /** Must be called when a process was assigned to a call. */
  started(jobId: string): void;
  /** Must be called when the process of a call has exited. */
  ended(jobId: string): void;
  stop(): void;
}

/** Milliseconds after which an unfinished call counts as lost, because its process never started. */
const callTimeoutMs = 600_000;
/** Maximum number of calls that wait for a forked process: forking is slow, and the SDK's queue is short. */
const maxWaiting = 4;
/** Milliseconds between the showcase calls, which start as fast as the worker accepts them. */
const showcaseIntervalMs = 400;

export function startDispatcher({
  settings,
  signalling,
  incidents,
  directory,
  run,
}: DispatcherOptions): Dispatcher {
  const { seed, rate, concurrency, speed, calls = Number.POSITIVE_INFINITY, oracle } = settings;
  const active = new Map<string, NodeJS.Timeout>();
  const waiting = new Set<string>();
  const random = createRandom(seed, 'arrivals');
  let sent = 0;
  let done = 0;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let finish = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });

  const ended = (jobId: string) => {
    const timer = active.get(jobId);
    if (timer === undefined) return;
    clearTimeout(timer);
    active.delete(jobId);
    waiting.delete(jobId);
    done++;
    if (done >= calls) finish();
  };

  const send = () => {
    const number = ++sent;
    const plan = planCall(seed, number, incidents);
    const id = `AJ_${run}_${String(number).padStart(5, '0')}`;
    const order: CallRequest = { plan, speed, directory, oracle };
    waiting.add(id);
    active.set(
      id,
      setTimeout(() => ended(id), callTimeoutMs),
    );
    signalling
      .dispatch({ id, agentName: plan.agent, metadata: JSON.stringify(order) })
      .catch(() => ended(id));
  };

  const next = () => {
    if (stopped || sent >= calls) return;
    if (active.size < concurrency && waiting.size < maxWaiting) send();
    const interval = (60_000 / rate) * (0.5 + random.next());
    timer = setTimeout(next, sent < concurrency ? Math.min(showcaseIntervalMs, interval) : interval);
  };
  next();

  return {
    get active() {
      return active.size;
    },
    get done() {
      return done;
    },
    finished,
    started: (jobId) => void waiting.delete(jobId),
    ended,
    stop() {
      stopped = true;
      clearTimeout(timer);
      for (const late of active.values()) clearTimeout(late);
    },
  };
}
