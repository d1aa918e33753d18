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
  /** Tells the calls of this run from those of others, which may be kept in the same place. */
  run: string;
}

/** Sends calls to the worker at the wanted rate, as long as there is somebody to take them. */
export interface Dispatcher {
  readonly active: number;
  readonly done: number;
  /** Resolves when all calls that were wanted are over; never, if there is no end. */
  readonly finished: Promise<void>;
  /** To be called when a call has got its process. */
  started(jobId: string): void;
  /** To be called when a call's process has gone. */
  ended(jobId: string): void;
  stop(): void;
}

/** A call that is not over by then is lost: its process never came to be. In milliseconds. */
const callTimeoutMs = 600_000;
/** How many calls may wait for a process to be forked: forking is slow, and the SDK's queue of them is short. */
const maxWaiting = 4;
/** The first calls, which show everything once, come as fast as they can be taken. In milliseconds. */
const paradeIntervalMs = 400;

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
    timer = setTimeout(next, sent < concurrency ? Math.min(paradeIntervalMs, interval) : interval);
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
