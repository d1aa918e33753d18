import { catalogue } from '../../catalogue/metrics.ts';
import type { Observation, Sink } from '../../catalogue/observation.ts';
import type { Identity } from '../../catalogue/types.ts';

/** How long samples wait for the worker's name, in milliseconds. It registers within seconds, unless LiveKit is away. */
const patience = 15_000;

/**
 * Whom the worker's own series are about. Unless the user says so, the name is known only when the worker
 * registers with LiveKit, and by then it has forked processes: what is recorded before waits for the name. A worker that
 * registers later still has counted as `unknown` until then, and its gauges move to its name.
 */
export class WorkerIdentity {
  #identity: Identity;
  #waiting: Observation[] | undefined;
  /** While the name is not known: what gauges of `unknown` add up to. */
  #gauges: Map<string, Observation> | undefined;
  readonly #record: (observation: Observation, identity: Identity) => void;

  constructor(identity: Identity, record: (observation: Observation, identity: Identity) => void) {
    this.#identity = identity;
    this.#record = record;
    if (identity.agent_name !== 'unknown') return;
    this.#waiting = [];
    this.#gauges = new Map();
    setTimeout(() => this.#settle(), patience).unref();
  }

  get current(): Identity {
    return this.#identity;
  }

  readonly sink: Sink = (observation) => {
    if (this.#waiting) this.#waiting.push(observation);
    else this.#keep(observation);
  };

  /** The worker registers. An empty name is LiveKit's automatic dispatch. */
  learn(agentName: string): void {
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
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const observation of waiting) this.#keep(observation);
  }

  #keep(observation: Observation): void {
    const { metric, labels, value } = observation;
    if (this.#gauges && catalogue[metric]?.type === 'gauge') {
      const key = JSON.stringify([metric, labels]);
      const sum = (this.#gauges.get(key)?.value ?? 0) + value;
      this.#gauges.set(key, { metric, labels, value: sum });
    }
    this.#record(observation, this.#identity);
  }
}
