import { hostname } from 'node:os';
import type { AgentServer } from '@livekit/agents';
import { catalogue } from '../../catalogue/metrics.ts';
import { type Observation, observation, type Sink } from '../../catalogue/observation.ts';
import type { Identity } from '../../catalogue/types.ts';
import { onServerMessage, wrapServerRun } from '../../private-apis/readers.ts';
import { warnMissing } from '../../private-apis/table.ts';
import type { Sdk } from './sdk.ts';

/** A worker's message to LiveKit, with the fields that are read here. */
interface WorkerMessage {
  message?: { case?: string; value?: { load?: number; status?: number; agentName?: string } };
}

/**
 * Calls `started` with every `AgentServer` of this build of the SDK before it runs. `cli.runApp` keeps its server to
 * itself, so the class's `run` is wrapped. Returns a function that removes the wrapper.
 */
export function onServer(sdk: Sdk, started: (server: AgentServer) => Promise<void>): () => void {
  const unwrap = wrapServerRun<AgentServer['run']>(
    sdk,
    (run) =>
      async function (this: AgentServer, ...args) {
        // Errors here must not reach the server.
        await started(this).catch(() => warnMissing('serverMessages'));
        return run.apply(this, args);
      },
  );
  return unwrap ?? (() => {});
}

/** Receives the reports of a running server. */
export interface ServerListener {
  sink: Sink;
  /** The name under which the worker registers. */
  onName(agentName: string): void;
}

/** `WorkerStatus.WS_FULL` of LiveKit's protocol: the worker takes no jobs. */
const fullStatus = 1;

/**
 * The load in a message, 0 to 1. With a load of 0 only a worker that drains is full: the SDK sends its status alone then, and a load of
 * 1 after it. If the worker was full before, that load never comes.
 */
const loadOf = ({ load, status }: { load?: number; status?: number } = {}): number | undefined =>
  load === 0 && status === fullStatus ? 1 : load;

/** Follows a server's reports to LiveKit: its name, and every 2.5 s its load. Returns a function that stops it. */
export function followServer(server: AgentServer, { sink, onName }: ServerListener): () => void {
  const nodename = hostname();
  let shown = 0;
  const onMessage = (event: WorkerMessage) => {
    const { message } = event ?? {};
    if (message?.case === 'register') onName(message.value?.agentName ?? '');
    const load = message?.case === 'updateWorker' ? loadOf(message.value) : undefined;
    if (typeof load !== 'number' || !Number.isFinite(load)) return;
    sink(observation('lk_agents_worker_load', { nodename }, load - shown));
    shown = load;
  };
  return onServerMessage(server, onMessage);
}

/** How long samples wait for the worker's name, in milliseconds. A worker registers within seconds, unless LiveKit is unavailable. */
const nameTimeoutMs = 15_000;

/**
 * The identity of the worker's own series. Unless configured, the name is known only when the worker registers with
 * LiveKit, after it has forked processes: samples that are recorded before wait for the name. If the worker registers after
 * the timeout, it has counted as `unknown` until then, and its gauges move to its name.
 */
export class WorkerIdentity {
  #identity: Identity;
  #pending: Observation[] | undefined;
  /** The sums of gauges that were recorded as `unknown`, until the name is known. */
  #gauges: Map<string, Observation> | undefined;
  readonly #record: (observation: Observation, identity: Identity) => void;

  constructor(identity: Identity, record: (observation: Observation, identity: Identity) => void) {
    this.#identity = identity;
    this.#record = record;
    if (identity.agent_name !== 'unknown') return;
    this.#pending = [];
    this.#gauges = new Map();
    setTimeout(() => this.#settle(), nameTimeoutMs).unref();
  }

  get current(): Identity {
    return this.#identity;
  }

  readonly sink: Sink = (observation) => {
    if (this.#pending) this.#pending.push(observation);
    else this.#recordNow(observation);
  };

  /** The worker registers. An empty name is LiveKit's automatic dispatch. */
  setName(agentName: string): void {
    if (!this.#gauges) return;
    const unknown = this.#identity;
    const gauges = [...this.#gauges.values()];
    this.#gauges = undefined;
    if (agentName) this.#identity = { ...unknown, agent_name: agentName };
    this.#settle();
    if (!agentName) return;
    for (const gauge of gauges) {
      this.#record({ ...gauge, value: -gauge.value }, unknown);
      this.#record(gauge, this.#identity);
    }
  }

  #settle(): void {
    const pending = this.#pending ?? [];
    this.#pending = undefined;
    for (const observation of pending) this.#recordNow(observation);
  }

  #recordNow(observation: Observation): void {
    const { metric, labels, value } = observation;
    if (this.#gauges && catalogue[metric]?.type === 'gauge') {
      const key = JSON.stringify([metric, labels]);
      const sum = (this.#gauges.get(key)?.value ?? 0) + value;
      this.#gauges.set(key, { metric, labels, value: sum });
    }
    this.#record(observation, this.#identity);
  }
}
