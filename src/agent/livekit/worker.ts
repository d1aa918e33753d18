import { hostname } from 'node:os';
import type { AgentServer } from '@livekit/agents';
import { type Observation, observation, type Sink } from '../../catalogue/observation.ts';
import type { Identity } from '../../catalogue/types.ts';
import { serverEventsOf, serverRunOf, warnMissing } from './private-apis.ts';
import type { Sdk } from './sdk.ts';

/** A worker's message to LiveKit, with the fields that are read here. */
interface WorkerMessage {
  message?: { case?: string; value?: { load?: number; agentName?: string } };
}

/**
 * Calls `started` with every `AgentServer` of this build of the SDK before it runs. `cli.runApp` keeps its
 * server to itself, so the class's `run` is wrapped. Returns what takes the wrapper off again.
 */
export function onServer(sdk: Sdk, started: (server: AgentServer) => Promise<void>): () => void {
  const prototype = sdk.AgentServer?.prototype;
  const run = serverRunOf(prototype);
  if (!run) return () => {};
  prototype.run = async function (this: AgentServer, ...args: unknown[]) {
    // Errors here must not reach the server.
    await started(this).catch(() => warnMissing('server'));
    return run.apply(this, args);
  };
  return () => {
    prototype.run = run;
  };
}

/** Receives what a running server reports. */
export interface ServerListener {
  sink: Sink;
  /** The name under which the worker registers. */
  onName(agentName: string): void;
}

/** Follows what a server reports to LiveKit: its name, and every 2.5 s its load. Returns the end of following. */
export function followServer(server: AgentServer, { sink, onName }: ServerListener): () => void {
  const nodename = hostname();
  let shown = 0;
  const onMessage = (event: WorkerMessage) => {
    const { message } = event ?? {};
    if (message?.case === 'register') onName(message.value?.agentName ?? '');
    const load = message?.case === 'updateWorker' ? message.value?.load : undefined;
    if (typeof load !== 'number' || !Number.isFinite(load)) return;
    sink(observation('lk_agents_worker_load', { nodename }, load - shown));
    shown = load;
  };
  const events = serverEventsOf(server);
  events?.on('worker_msg', onMessage);
  return () => void events?.off('worker_msg', onMessage);
}

/** How long samples wait for the worker's name, in milliseconds. A worker registers within seconds, or has no LiveKit. */
const nameTimeoutMs = 15_000;

/**
 * Whom the worker's own series are about. Unless the user says so, the name is known only when the worker
 * registers with LiveKit, and by then it has forked processes: what is recorded before waits for the name.
 */
export class WorkerIdentity {
  #identity: Identity;
  #pending: Observation[] | undefined;
  readonly #record: (observation: Observation, identity: Identity) => void;

  constructor(identity: Identity, record: (observation: Observation, identity: Identity) => void) {
    this.#identity = identity;
    this.#record = record;
    if (identity.agent_name !== 'unknown') return;
    this.#pending = [];
    setTimeout(() => this.#settle(), nameTimeoutMs).unref();
  }

  get current(): Identity {
    return this.#identity;
  }

  readonly sink: Sink = (observation) => {
    if (this.#pending) this.#pending.push(observation);
    else this.#record(observation, this.#identity);
  };

  /** The worker registers. An empty name is LiveKit's automatic dispatch. */
  setName(agentName: string): void {
    if (!this.#pending) return;
    if (agentName) this.#identity = { ...this.#identity, agent_name: agentName };
    this.#settle();
  }

  #settle(): void {
    const waiting = this.#pending ?? [];
    this.#pending = undefined;
    for (const observation of waiting) this.#record(observation, this.#identity);
  }
}
