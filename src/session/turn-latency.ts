import type { Labels } from '../catalogue/metrics.ts';
import type { MetricsEvent, SessionEvents } from './events.ts';
import { RecentMap } from './recent-map.ts';
import { delayGuard, elapsed, requestGuard, rounded, type Samples, validOrZero } from './samples.ts';

interface LatencyParts {
  since: number;
  eou?: number;
  ttft?: number;
  ttfb?: number;
}

/** How long a speech waits for missing parts, in seconds of the events' clock. */
const maxWaitSeconds = 600;
/** The maximum number of incomplete speeches, and of complete ones that are remembered. */
const maxSpeeches = 256;

/**
 * The documented approximation of conversation latency, `eou.endOfUtteranceDelay + llm.ttft + tts.ttfb`,
 * joined by speech id, in any order. In a turn with tools, LLM and TTS run several times under one id: the first
 * run of each counts.
 */
export class EstimatedLatency {
  readonly #waiting = new Map<string, LatencyParts>();
  /** Complete speeches. Their later parts belong to later steps of the turn. */
  readonly #done = new RecentMap<string, true>(maxSpeeches);

  add(samples: Samples, m: MetricsEvent): void {
    if (m.type === 'eou_metrics') this.#addPart(samples, m, 'eou', m.endOfUtteranceDelay, 0, delayGuard.max);
    if (m.type === 'llm_metrics') this.#addPart(samples, m, 'ttft', m.ttft, -0.0005, requestGuard.max);
    if (m.type === 'tts_metrics') this.#addPart(samples, m, 'ttfb', m.ttfb, -0.0005, requestGuard.max);
  }

  /** The number of remembered speeches, for tests of the limit. */
  get size(): number {
    return this.#waiting.size + this.#done.size;
  }

  #addPart(
    samples: Samples,
    { speechId, timestamp }: { speechId?: string; timestamp: number },
    key: 'eou' | 'ttft' | 'ttfb',
    seconds: number,
    above: number,
    max: number,
  ): void {
    if (!speechId || this.#done.has(speechId)) return;
    // Comparing an object with a number may throw.
    if (typeof seconds !== 'number' || !(seconds > above && seconds <= max)) return;
    const parts = this.#waiting.get(speechId) ?? { since: timestamp };
    parts[key] ??= seconds;
    this.#waiting.set(speechId, parts);
    this.#evict(timestamp);
    if (parts.eou === undefined || parts.ttft === undefined || parts.ttfb === undefined) return;
    this.#waiting.delete(speechId);
    this.#done.set(speechId, true);
    samples.add('lk_agents_turn_estimated_latency_seconds', {}, parts.eou + parts.ttft + parts.ttfb);
  }

  #evict(now: number): void {
    for (const [speechId, parts] of this.#waiting) {
      if (this.#waiting.size <= maxSpeeches && !(elapsed(parts.since, now) > maxWaitSeconds)) break;
      this.#waiting.delete(speechId);
    }
  }
}

export type Segment = Labels<'lk_agents_turn_segment_seconds_total'>['segment'];

/** The measurements of a turn's latency, in seconds. Missing ones were not measured. */
export interface TurnMeasurements {
  /** `ChatMessage.metrics.e2eLatency` of the reply. */
  e2eLatency: number;
  transcriptionDelay?: number;
  /** Includes the transcription delay. */
  endOfTurnDelay?: number;
  onUserTurnCompletedDelay?: number;
  /** Time in which tools ran before the agent first spoke. */
  tools?: number;
  /** Of the LLM step that was spoken. */
  llmNodeTtft?: number;
  /** Whole LLM steps before it, which led to tool calls. */
  llmBefore?: number;
  ttsNodeTtfb?: number;
}

/**
 * Splits a turn's latency into segments that sum to it. Each segment gets its measured time, at most what is left.
 * Invalid times count as 0.
 *
 * Segments may overlap: preemptive generation runs the LLM before the end of turn is detected. So they are assigned
 * from both ends. First come those right after the user stops (transcription, endpointing, user hook), then the one
 * right before the agent speaks (TTS), then tools, then the LLM, which keeps only the time that the caller waited
 * for it. The rest is `unattributed`.
 */
export function segmentsOf(parts: TurnMeasurements): Record<Segment, number> {
  let left = parts.e2eLatency;
  const take = (seconds: number) => {
    const taken = Math.min(seconds, left);
    left -= taken;
    return taken;
  };
  const transcription = take(validOrZero(parts.transcriptionDelay, delayGuard));
  const endpointing = take(Math.max(0, validOrZero(parts.endOfTurnDelay, delayGuard) - transcription));
  const user_hook = take(validOrZero(parts.onUserTurnCompletedDelay, delayGuard));
  const tts = take(validOrZero(parts.ttsNodeTtfb, requestGuard));
  const tools = take(validOrZero(parts.tools, requestGuard));
  const llm = take(validOrZero(parts.llmNodeTtft, requestGuard) + validOrZero(parts.llmBefore, requestGuard));
  return { transcription, endpointing, user_hook, llm, tools, tts, unattributed: left };
}

interface Interval {
  start: number;
  end: number;
}

/**
 * Records the tool calls of a `function_tools_executed` event. Returns the time in which at least one of them ran,
 * in seconds. The SDK sets `createdAt` of a call when it starts, and of its output when it ends. In an event log that
 * was made with plain JSON both are missing, and no duration is recorded.
 */
export function recordToolCalls(samples: Samples, event: SessionEvents['function_tools_executed']): number {
  const intervals: Interval[] = [];
  let first: number | undefined;
  for (const [index, call] of event.functionCalls.entries()) {
    const output = event.functionCallOutputs[index];
    const tool = call.name || 'unknown';
    samples.add('lk_agents_tool_calls_total', { tool, outcome: output?.isError ? 'error' : 'ok' }, 1);
    const [start, end] = [call.createdAt, output?.createdAt];
    if (start === undefined || end === undefined) continue;
    const duration = elapsed(start, end);
    if (samples.measure('lk_agents_tool_duration_seconds', { tool }, duration, requestGuard)) {
      // From the start of the first: sums of unix times are less precise.
      first ??= start;
      const from = elapsed(first, start);
      intervals.push({ start: from, end: from + duration });
    }
  }
  return rounded(coveredTime(intervals));
}

/** The length of the union of the intervals, in the unit of their bounds. */
export function coveredTime(intervals: readonly Interval[]): number {
  let total = 0;
  let reached = Number.NEGATIVE_INFINITY;
  for (const { start, end } of intervals.toSorted((a, b) => a.start - b.start)) {
    if (end > reached) total += end - Math.max(start, reached);
    reached = Math.max(reached, end);
  }
  return total;
}
