import type { Labels } from '../catalogue/metrics.ts';
import { believed, delay, request } from './samples.ts';

export type Segment = Labels<'lk_agents_turn_segment_seconds_total'>['segment'];

/** What is known of a turn's latency, in seconds; what was not measured is left out. */
export interface TurnParts {
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
 * Splits a turn's latency into segments that sum to it. Each takes its measured time, or what is left;
 * a time that cannot be true explains nothing.
 * Parts may overlap (preemptive generation runs the LLM while the end of turn is still awaited), so they are
 * laid out from both ends: first what surely happens after the user stops (transcription, endpointing, the
 * hook), then what surely happens before the agent speaks (TTS), then tools, then the LLM, of which so only
 * the part that the caller waited for remains. What nothing explains is `unattributed`.
 */
export function segmentsOf(parts: TurnParts): Record<Segment, number> {
  let left = parts.e2eLatency;
  const take = (seconds: number) => {
    const taken = Math.min(seconds, left);
    left -= taken;
    return taken;
  };
  const transcription = take(believed(parts.transcriptionDelay, delay));
  const endpointing = take(Math.max(0, believed(parts.endOfTurnDelay, delay) - transcription));
  const user_hook = take(believed(parts.onUserTurnCompletedDelay, delay));
  const tts = take(believed(parts.ttsNodeTtfb, request));
  const tools = take(believed(parts.tools, request));
  const llm = take(believed(parts.llmNodeTtft, request) + believed(parts.llmBefore, request));
  return { transcription, endpointing, user_hook, llm, tools, tts, unattributed: left };
}
