import type { Observation, Sink } from '../../catalogue/observation.ts';
import type { Identity } from '../../catalogue/types.ts';

/** How long samples wait for the worker's name, in milliseconds; it registers within seconds or has no LiveKit. */
const patience = 15_000;

/**
 * Whom the worker's own series are about. Unless the user says so, the name is known only when the worker
 * registers with LiveKit, and by then it has forked processes: what is recorded before waits for the name.
 */
export class WorkerIdentity {
  #identity: Identity;
  #waiting: Observation[] | undefined;
  readonly #record: (observation: Observation, identity: Identity) => void;

  constructor(identity: Identity, record: (observation: Observation, identity: Identity) => void) {
    this.#identity = identity;
    this.#record = record;
    if (identity.agent_name !== 'unknown') return;
    this.#waiting = [];
    setTimeout(() => this.#settle(), patience).unref();
  }

  get current(): Identity {
    return this.#identity;
  }

  readonly sink: Sink = (observation) => {
    if (this.#waiting) this.#waiting.push(observation);
    else this.#record(observation, this.#identity);
  };

  /** The worker registers. An empty name is LiveKit's automatic dispatch. */
  learn(agentName: string): void {
    if (!this.#waiting) return;
    if (agentName) this.#identity = { ...this.#identity, agent_name: agentName };
    this.#settle();
  }

  #settle(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const observation of waiting) this.#record(observation, this.#identity);
  }
}
