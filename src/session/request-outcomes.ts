import type { Labels } from '../catalogue/metrics.ts';
import { isAdapter } from '../private-apis/readers.ts';
import type { Model } from './events.ts';
import type { Samples } from './samples.ts';

export type Outcome = Labels<'lk_agents_llm_requests_total'>['outcome'];
type Kind = 'llm' | 'tts' | 'realtime';

/** The request that a metrics event reports. */
export interface RequestResult {
  label: string;
  model: Model;
  cancelled: boolean;
  /** Whether it produced no output. */
  empty: boolean;
  /** Unix seconds. */
  startedAt: number;
  endedAt: number;
}

interface Failure {
  kind: Kind;
  label: string;
  model: Model;
  /** Unix seconds. */
  at: number;
}

/**
 * Determines the outcomes of requests. The SDK's metrics events only have `cancelled`. A failed request has an
 * unrecoverable error event of the same instance (`label`) just before its metrics event. A TTS that fails before its
 * first frame has no metrics event: its error is counted as a request when the agent's state changes.
 */
export class RequestOutcomes {
  readonly #failures = new Map<string, Failure>();
  readonly #models = new Map<string, Model>();

  /** Registers an unrecoverable error. */
  failed(failure: Failure): void {
    if (!isAdapter(failure.label)) this.#failures.set(keyOf(failure.kind, failure.label), failure);
  }

  /** The model that last answered under a label. */
  modelOf(kind: Kind, label: string): Model | undefined {
    return this.#models.get(keyOf(kind, label));
  }

  /** The outcome of the request that these metrics report. */
  of(kind: Kind, ended: RequestResult): Outcome {
    const key = keyOf(kind, ended.label);
    this.#models.set(key, ended.model);
    const failure = this.#failures.get(key);
    if (failure && belongsTo(failure, ended)) {
      this.#failures.delete(key);
      return 'error';
    }
    if (ended.cancelled) return 'cancelled';
    return ended.empty ? 'empty' : 'ok';
  }

  /** Counts failed requests that have no metrics event. */
  countFailures(samples: Samples): void {
    if (this.#failures.size === 0) return; // called whenever the agent's state changes
    for (const { kind, model } of this.#failures.values()) {
      const labels = { ...model, outcome: 'error' } as const;
      if (kind === 'llm') samples.add('lk_agents_llm_requests_total', labels, 1);
      if (kind === 'tts') samples.add('lk_agents_tts_requests_total', { ...labels, streamed: 'true' }, 1);
      if (kind === 'realtime') samples.add('lk_agents_realtime_requests_total', labels, 1);
    }
    this.#failures.clear();
  }
}

const keyOf = (kind: Kind, label: string) => `${kind} ${label}`;

/** Two instances may share a label, such as two voices of a provider behind a fallback adapter. */
function belongsTo(failure: Failure, { empty, startedAt, endedAt }: RequestResult): boolean {
  if (failure.at > endedAt) return false;
  return empty || !(startedAt >= failure.at);
}
