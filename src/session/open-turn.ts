import type { llm } from '@livekit/agents';
import type { Segment } from './segments.ts';

/** What the user's message of a turn said, and what has happened since. */
export class OpenTurn {
  readonly user: llm.MetricsReport;
  /** Replies that began before this answer an earlier turn; in seconds since the epoch. */
  readonly since: number;
  /** When the user had spoken, in seconds since the epoch. */
  readonly asked: number;
  answered = false;
  interrupted = false;
  /** Whether the agent has spoken in it. */
  spoken = false;
  /** Whether the caller hung up without waiting for an answer. */
  abandoned = false;
  /** The speech that answers it, as far as is known, and the one whose LLM request was cancelled. */
  readonly speechId: string | undefined;
  cancelled: string | undefined;
  /** Whether a model failed for good: what is cancelled then was not interrupted. */
  failed = false;
  tools = false;
  toolSeconds = 0;
  /** LLM time since the user's message or the last tools, and before the last tools. */
  llmStep = 0;
  llmBefore = 0;
  /** What the agent's answer said of itself: the message whose latency was measured, if there is one. */
  reply: llm.MetricsReport | undefined;
  /** What its latency consists of, if it was measured. */
  segments: Record<Segment, number> | undefined;

  constructor(user: llm.MetricsReport, since: number, asked: number, speechId?: string) {
    this.user = user;
    this.since = since;
    this.asked = asked;
    this.speechId = speechId;
  }

  get outcome(): 'completed' | 'interrupted' | 'unanswered' | 'abandoned' {
    if (this.abandoned) return 'abandoned';
    if (this.interrupted) return 'interrupted';
    if (this.answered) return 'completed';
    // The message of an answer that was cut off may come after the next turn has begun.
    return this.spoken ? 'interrupted' : 'unanswered';
  }
}

/** A turn that is over. */
export interface TurnSummary {
  outcome: OpenTurn['outcome'];
  /** Whether tools ran in it, and for how long before the agent spoke, in seconds. */
  tools: boolean;
  toolSeconds: number;
  user: llm.MetricsReport;
  reply: llm.MetricsReport | undefined;
  /** What the latency of its reply consists of, in seconds, if that was measured. */
  segments: Record<Segment, number> | undefined;
}
