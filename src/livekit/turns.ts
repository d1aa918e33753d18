import type { llm, metrics, voice } from '@livekit/agents';
import { modelOf, unknownModel } from './model.ts';
import { delay, request, type Samples, seconds } from './samples.ts';
import { segmentsOf } from './segments.ts';
import { toolCalls } from './tool-calls.ts';

/** What the user's message of a turn said, and what has happened since. */
interface OpenTurn {
  user: llm.MetricsReport;
  answered: boolean;
  interrupted: boolean;
  tools: boolean;
  toolSeconds: number;
  /** LLM time since the user's message or the last tools, and before the last tools. */
  llmStep: number;
  llmBefore: number;
}

/** Two clocks tell when the user stopped; they agree to well below this. In seconds. */
const sameMoment = 0.002;

/**
 * The turns of one session: from a user's message to the agent's answer. A turn is counted when it is over:
 * when the agent has answered and listens again, when its answer was cut off, when the next turn begins, or at
 * the end of the session.
 */
export class Turns {
  #open: OpenTurn | undefined;
  #llm = unknownModel;
  #tts = unknownModel;
  /** Realtime models may answer without ever giving a transcript: then the user's voice opens the turn. */
  #userSpoke = false;
  #lastReplyAt = Number.NEGATIVE_INFINITY;
  /** Turns that were counted. */
  count = 0;

  message(samples: Samples, message: llm.ChatMessage): void {
    if (message.role === 'user') this.#user(samples, message);
    if (message.role === 'assistant') this.#assistant(samples, message);
  }

  tools(samples: Samples, event: voice.FunctionToolsExecutedEvent): void {
    const ran = toolCalls(samples, event);
    if (!this.#open) return;
    this.#open.tools = true;
    this.#open.toolSeconds += ran;
    this.#open.llmBefore += this.#open.llmStep;
    this.#open.llmStep = 0;
  }

  /** Learns from metrics which models serve the turn, and what its LLM steps took. */
  metrics(m: metrics.AgentMetrics): void {
    if (m.type === 'tts_metrics' && !m.cancelled) this.#tts = modelOf(m.metadata);
    if (m.type === 'realtime_model_metrics') this.#llm = modelOf(m.metadata);
    if (m.type !== 'llm_metrics') return;
    if (m.cancelled) {
      if (this.#open && !this.#open.answered) this.#open.interrupted = true;
      return;
    }
    this.#llm = modelOf(m.metadata);
    if (this.#open && m.speechId) {
      // A step that begins anew was not cancelled: the answer is still to come.
      this.#open.interrupted = false;
      this.#open.llmStep += seconds(m.durationMs);
    }
  }

  userState(state: voice.UserState): void {
    if (state === 'speaking') this.#userSpoke = true;
  }

  agentState(samples: Samples, state: voice.AgentState): void {
    if ((state === 'listening' || state === 'idle') && this.#open?.answered) this.#finish(samples);
  }

  close(samples: Samples): void {
    this.#finish(samples);
  }

  #user(samples: Samples, message: llm.ChatMessage): void {
    const m = message.metrics ?? {};
    samples.measure('lk_agents_turn_transcription_delay_seconds', {}, m.transcriptionDelay, delay);
    samples.measure('lk_agents_turn_end_of_turn_delay_seconds', {}, m.endOfTurnDelay, delay);
    samples.measure(
      'lk_agents_turn_on_user_turn_completed_delay_seconds',
      {},
      m.onUserTurnCompletedDelay,
      delay,
    );
    // The confidence of an STT that has none is 0.
    const confidence = { max: 1, zeroIsMissing: true };
    samples.measure('lk_agents_transcript_confidence_ratio', {}, message.transcriptConfidence, confidence);
    // A realtime model's transcript may come after the answer to it, which has been counted by then.
    if (m.startedSpeakingAt !== undefined && m.startedSpeakingAt < this.#lastReplyAt) return;
    this.#finish(samples);
    this.#open = {
      user: m,
      answered: false,
      interrupted: false,
      tools: false,
      toolSeconds: 0,
      llmStep: 0,
      llmBefore: 0,
    };
    this.#userSpoke = false;
  }

  #assistant(samples: Samples, message: llm.ChatMessage): void {
    const m = message.metrics ?? {};
    samples.measure('lk_agents_turn_llm_ttft_seconds', this.#llm, m.llmNodeTtft, request);
    samples.measure('lk_agents_turn_tts_ttfb_seconds', this.#tts, m.ttsNodeTtfb, request);
    samples.measure('lk_agents_turn_playback_latency_seconds', {}, m.playbackLatency, delay);
    const measured = samples.measure('lk_agents_turn_e2e_latency_seconds', this.#llm, m.e2eLatency, request);
    if (measured) this.#explain(samples, m);
    // Text whose speech failed is in the history all the same: it was not heard.
    if (Object.keys(m).length > 0 && m.startedSpeakingAt === undefined) return;
    if (m.startedSpeakingAt !== undefined) this.#lastReplyAt = m.startedSpeakingAt;
    if (!this.#open && !this.#userSpoke) return;
    this.#open ??= {
      user: {},
      answered: false,
      interrupted: false,
      tools: false,
      toolSeconds: 0,
      llmStep: 0,
      llmBefore: 0,
    };
    this.#userSpoke = false;
    this.#open.answered = true;
    this.#open.interrupted = message.interrupted;
    if (message.interrupted) this.#finish(samples);
  }

  /** Splits the latency of the turn that this reply answers; of any other turn nothing is known. */
  #explain(samples: Samples, reply: llm.MetricsReport): void {
    const e2eLatency = reply.e2eLatency as number;
    const turn = this.#open;
    const stopped = (reply.startedSpeakingAt ?? Number.NaN) - e2eLatency;
    const known = turn && Math.abs((turn.user.stoppedSpeakingAt ?? Number.NaN) - stopped) < sameMoment;
    const parts = segmentsOf({
      e2eLatency,
      ...(known && {
        transcriptionDelay: turn.user.transcriptionDelay,
        endOfTurnDelay: turn.user.endOfTurnDelay,
        onUserTurnCompletedDelay: turn.user.onUserTurnCompletedDelay,
        tools: turn.toolSeconds,
        llmBefore: turn.llmBefore,
      }),
      llmNodeTtft: reply.llmNodeTtft,
      ttsNodeTtfb: reply.ttsNodeTtfb,
    });
    for (const [segment, value] of Object.entries(parts)) {
      samples.add('lk_agents_turn_segment_seconds_total', { segment: segment as keyof typeof parts }, value);
    }
  }

  #finish(samples: Samples): void {
    const turn = this.#open;
    if (!turn) return;
    this.#open = undefined;
    this.count += 1;
    const outcome = turn.interrupted ? 'interrupted' : turn.answered ? 'completed' : 'unanswered';
    samples.add('lk_agents_turns_total', { outcome, tools: turn.tools ? 'yes' : 'no' }, 1);
  }
}
