import type { metrics } from '@livekit/agents';
import { RecentMap } from '../../session/recent.ts';
import { processWide } from './process-state.ts';

/**
 * Tells a session's own events from those of another session in the same process that shares a model
 * instance with it: the SDK hands each event of an instance to every session that uses it.
 */
export class Ownership {
  readonly #speeches = new RecentMap<string, true>(1024);
  readonly #sinceStart: boolean;

  /** @param sinceStart whether every speech of the session is known, because it has been observed all along */
  constructor(sinceStart: boolean) {
    this.#sinceStart = sinceStart;
    processWide().speeches.add(this.#speeches);
  }

  speechCreated(speechId: string): void {
    this.#speeches.set(speechId, true);
  }

  /** Whether this session is the one to count these metrics. */
  owns(m: metrics.AgentMetrics): boolean {
    const speechId = 'speechId' in m ? m.speechId : undefined;
    if (speechId && !this.#speeches.has(speechId)) {
      const others = processWide().speeches;
      const anothers = [...others].some((speeches) => speeches !== this.#speeches && speeches.has(speechId));
      if (anothers || this.#sinceStart) return false;
    }
    return this.claim(m);
  }

  /** Whether this session is the first to have the event. */
  claim(event: object): boolean {
    const { claimed } = processWide();
    if (claimed.has(event)) return false;
    claimed.add(event);
    return true;
  }

  close(): void {
    processWide().speeches.delete(this.#speeches);
  }
}
