import type { Labels } from '../catalogue/metrics.ts';
import { isAdapter } from './duplicates.ts';
import type { Model } from './model.ts';
import type { Samples } from './samples.ts';

export type Outcome = Labels<'lk_agents_llm_requests_total'>['outcome'];
type Kind = 'llm' | 'tts' | 'realtime';

/**
 * Tells how requests ended. The SDK's metrics events say only `cancelled`; that a request failed is said
 * by an unrecoverable error event of the same instance (`label`) just before. A TTS that fails before its first
 * frame has no metrics event at all: its error is counted as a request when the agent moves on.
 */
export class Outcomes {
  readonly #failed = new Map<string, { kind: Kind; model: Model }>();

  /** An error was reported. */
  failed(kind: Kind, label: string, recoverable: boolean, model: Model): void {
    if (!recoverable && !isAdapter(label)) this.#failed.set(`${kind} ${label}`, { kind, model });
  }

  /** Whether an instance has failed, and no metrics have told of it yet. */
  failing(kind: Kind, label: string): boolean {
    return this.#failed.has(`${kind} ${label}`);
  }

  /** How the request that these metrics are about ended. */
  of(kind: Kind, label: string, metrics: { cancelled: boolean; empty: boolean }): Outcome {
    if (this.#failed.delete(`${kind} ${label}`)) return 'error';
    if (metrics.cancelled) return 'cancelled';
    return metrics.empty ? 'empty' : 'ok';
  }

  /** Counts the failed requests that no metrics event came for. */
  settle(samples: Samples): void {
    for (const { kind, model } of this.#failed.values()) {
      const labels = { ...model, outcome: 'error' } as const;
      if (kind === 'llm') samples.add('lk_agents_llm_requests_total', labels, 1);
      if (kind === 'tts') samples.add('lk_agents_tts_requests_total', { ...labels, streamed: 'true' }, 1);
      if (kind === 'realtime') samples.add('lk_agents_realtime_requests_total', labels, 1);
    }
    this.#failed.clear();
  }
}
