import type { metrics } from '@livekit/agents';
import { RecentMap } from './recent.ts';
import { delay, request, type Samples, seconds } from './samples.ts';

interface Parts {
  since: number;
  eou?: number;
  ttft?: number;
  ttfb?: number;
}

/** How long a speech may wait for its missing parts, in milliseconds of the events' clock. */
const patience = 10 * 60 * 1000;
/** How many speeches may wait, and how many that are complete are remembered. */
const maxSpeeches = 256;

/**
 * The documented approximation of conversation latency, `eou.endOfUtteranceDelay + llm.ttft + tts.ttfb`,
 * joined by speech id in whatever order the parts come. Of a turn with tools, whose model and voice run
 * several times under one id, the first of each counts.
 */
export class EstimatedLatency {
  readonly #waiting = new Map<string, Parts>();
  /** Speeches that are complete; later parts of theirs belong to later steps of the turn. */
  readonly #done = new RecentMap<string, true>(maxSpeeches);

  add(samples: Samples, m: metrics.AgentMetrics): void {
    if (m.type === 'eou_metrics') this.#part(samples, m, 'eou', m.endOfUtteranceDelayMs, 0, delay.max);
    if (m.type === 'llm_metrics') this.#part(samples, m, 'ttft', m.ttftMs, -0.5, request.max);
    if (m.type === 'tts_metrics') this.#part(samples, m, 'ttfb', m.ttfbMs, -0.5, request.max);
  }

  /** How many speeches are being remembered; for tests of the bound. */
  get size(): number {
    return this.#waiting.size + this.#done.size;
  }

  #part(
    samples: Samples,
    { speechId, timestamp }: { speechId?: string; timestamp: number },
    key: 'eou' | 'ttft' | 'ttfb',
    ms: number,
    above: number,
    max: number,
  ): void {
    if (!speechId || this.#done.has(speechId)) return;
    // Comparing an object with a number may throw.
    if (typeof ms !== 'number' || !(ms > above && seconds(ms) <= max)) return;
    const parts = this.#waiting.get(speechId) ?? { since: timestamp };
    parts[key] ??= seconds(ms);
    this.#waiting.set(speechId, parts);
    this.#forget(timestamp);
    if (parts.eou === undefined || parts.ttft === undefined || parts.ttfb === undefined) return;
    this.#waiting.delete(speechId);
    this.#done.set(speechId, true);
    samples.add('lk_agents_turn_estimated_latency_seconds', {}, parts.eou + parts.ttft + parts.ttfb);
  }

  #forget(now: number): void {
    for (const [speechId, parts] of this.#waiting) {
      if (this.#waiting.size <= maxSpeeches && !(now - parts.since > patience)) break;
      this.#waiting.delete(speechId);
    }
  }
}
