import type { llm, voice } from '@livekit/agents';
import {
  type MessageFields,
  type MetricsEvent,
  type Model,
  modelOf,
  type SessionEvents,
  type TurnModels,
  unknownModel,
} from './events.ts';
import { delayGuard, requestGuard, type Samples, validOrZero } from './samples.ts';
import { recordToolCalls, type Segment, segmentsOf } from './turn-latency.ts';

/** A turn that has not ended: the metrics of the user's message, and what has happened since. */
export class OpenTurn {
  readonly user: llm.MetricsReport;
  /** Replies that started before this time answer an earlier turn. In seconds since the epoch. */
  readonly since: number;
  /** When the user stopped speaking, in seconds since the epoch. */
  readonly userStoppedAt: number;
  answered = false;
  interrupted = false;
  /** Whether the agent has spoken in it. */
  spoken = false;
  /** Whether the caller hung up without waiting for an answer. */
  abandoned = false;
  /** The speech that answers it, if known, and the one whose LLM request was cancelled. */
  readonly speechId: string | undefined;
  cancelled: string | undefined;
  /** Whether a model failed permanently: a cancellation is no interruption then. */
  failed = false;
  tools = false;
  toolSeconds = 0;
  /** LLM time since the user's message or the last tools, and before the last tools. */
  llmStep = 0;
  llmBefore = 0;
  /** The metrics of the agent's answer: of the message with a measured latency, if there is one. */
  reply: llm.MetricsReport | undefined;
  /** The segments of its latency, if it was measured. */
  segments: Record<Segment, number> | undefined;

  constructor(user: llm.MetricsReport, since: number, userStoppedAt: number, speechId?: string) {
    this.user = user;
    this.since = since;
    this.userStoppedAt = userStoppedAt;
    this.speechId = speechId;
  }

  get outcome(): 'completed' | 'interrupted' | 'unanswered' | 'abandoned' {
    if (this.abandoned) return 'abandoned';
    if (this.interrupted) return 'interrupted';
    if (this.answered) return 'completed';
    // The message of an interrupted answer may arrive after the next turn has started.
    return this.spoken ? 'interrupted' : 'unanswered';
  }
}

/** A turn that has ended. */
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

/**
 * A caller who hangs up sooner than this after speaking (mostly a goodbye) did not wait for an answer. For one who waited
 * longer, the agent did not answer in time: this is also the limit of dead air. In seconds.
 */
const minWaitSeconds = 5;

/** The maximum difference between two measurements of when the user stopped speaking. In seconds. */
const clockToleranceSeconds = 0.002;

/**
 * The turns of one session: from a user's message to the agent's answer. A turn is counted when it is over:
 * when the agent has answered and listens again, when its answer was cut off, when the next turn begins, or at
 * the end of the session.
 */
export class Turns {
  #open: OpenTurn | undefined;
  /** The turn before, whose answer may still come. */
  #last: OpenTurn | undefined;
  #llm: Model;
  #tts: Model;
  #realtime = false;
  /** The most recently created speech. */
  #speechId: string | undefined;
  /** When the user first and last started to speak since the last answer, in unix seconds. */
  #userSpeech: { first: number; last: number } | undefined;
  #lastReplyAt = Number.NEGATIVE_INFINITY;
  /** The number of counted turns. */
  count = 0;
  readonly #onTurnEnd: (turn: TurnSummary) => void;

  /**
   * @param onTurnEnd called at the end of each turn
   * @param models the models of turns before the first metrics event
   */
  constructor(onTurnEnd: (turn: TurnSummary) => void = () => {}, models: TurnModels = {}) {
    this.#onTurnEnd = onTurnEnd;
    this.#llm = models.llm ?? unknownModel;
    this.#tts = models.tts ?? unknownModel;
  }

  message(samples: Samples, message: MessageFields, at: number): void {
    if (message.role === 'user') this.#onUserMessage(samples, message, at);
    if (message.role === 'assistant') this.#onAssistantMessage(samples, message);
  }

  tools(samples: Samples, event: SessionEvents['function_tools_executed']): void {
    const ran = recordToolCalls(samples, event);
    if (!this.#open) return;
    this.#open.tools = true;
    this.#open.toolSeconds += ran;
    this.#open.llmBefore += this.#open.llmStep;
    this.#open.llmStep = 0;
  }

  /** Reads the models of the turn and the durations of its LLM steps. Duplicates from adapters have neither. */
  metrics(m: MetricsEvent, repeated: boolean): void {
    if (m.type === 'realtime_model_metrics') this.#realtime = true;
    if (m.type === 'llm_metrics' && m.cancelled) this.#cancelled(m.speechId);
    if (repeated) return;
    if (m.type === 'tts_metrics' && !m.cancelled) this.#tts = modelOf(m.metadata);
    if (m.type === 'realtime_model_metrics') this.#llm = modelOf(m.metadata);
    if (m.type !== 'llm_metrics' || m.cancelled) return;
    this.#llm = modelOf(m.metadata);
    if (!this.#open || !m.speechId) return;
    // A new speech was not cancelled: its answer is still pending.
    if (m.speechId !== this.#open.cancelled) this.#open.interrupted = false;
    this.#open.llmStep += validOrZero(m.duration, requestGuard);
  }

  userState(state: voice.UserState, at: number): void {
    if (state === 'speaking') this.#userSpeech = { first: this.#userSpeech?.first ?? at, last: at };
  }

  agentState(samples: Samples, state: voice.AgentState): void {
    if (!this.#open) return;
    if (state === 'speaking') this.#open.spoken = true;
    if ((state === 'listening' || state === 'idle') && this.#open.answered) this.#finish(samples);
  }

  speechCreated(speechId: string): void {
    this.#speechId = speechId;
  }

  speechDone(speechId: string, interrupted: boolean): void {
    if (interrupted && this.#open?.speechId === speechId) this.#cancelled(speechId);
  }

  /** A model failed permanently. */
  failed(): void {
    if (this.#open) this.#open.failed = true;
  }

  /**
   * Ends the session.
   *
   * @param at when, in unix seconds
   */
  close(samples: Samples, reason: string, at: number): void {
    const turn = this.#open;
    if (turn && reason === 'participant_disconnected') {
      const silent = !turn.answered && !turn.spoken && !turn.failed;
      turn.abandoned = silent && at - turn.userStoppedAt < minWaitSeconds;
    }
    this.#finish(samples);
  }

  #cancelled(speechId: string | undefined): void {
    if (!this.#open || this.#open.answered || this.#open.failed) return;
    this.#open.interrupted = true;
    this.#open.cancelled = speechId;
  }

  #onUserMessage(samples: Samples, message: MessageFields, at: number): void {
    const m = message.metrics ?? {};
    samples.measure('lk_agents_turn_transcription_delay_seconds', {}, m.transcriptionDelay, delayGuard);
    samples.measure('lk_agents_turn_end_of_turn_delay_seconds', {}, m.endOfTurnDelay, delayGuard);
    samples.measure(
      'lk_agents_turn_on_user_turn_completed_delay_seconds',
      {},
      m.onUserTurnCompletedDelay,
      delayGuard,
    );
    // The confidence of an STT that has none is 0.
    const confidence = { max: 1, zeroIsMissing: true };
    samples.measure('lk_agents_transcript_confidence_ratio', {}, message.transcriptConfidence, confidence);
    // A realtime model's transcript may arrive after its answer, which has already been counted. It has no delay of
    // `onUserTurnCompleted`. In a pipeline, a caller may have started to speak before the answer that he interrupts.
    const began = m.startedSpeakingAt ?? Number.POSITIVE_INFINITY;
    const late = m.onUserTurnCompletedDelay === undefined && began < this.#lastReplyAt;
    if (late) return;
    this.#finish(samples);
    const typed = this.#realtime ? Number.NEGATIVE_INFINITY : at;
    const since = m.stoppedSpeakingAt ?? m.startedSpeakingAt ?? typed;
    this.#open = new OpenTurn(m, since, m.stoppedSpeakingAt ?? at, this.#speechId);
    this.#userSpeech = undefined;
  }

  #onAssistantMessage(samples: Samples, message: MessageFields): void {
    const m = message.metrics ?? {};
    samples.measure('lk_agents_turn_llm_ttft_seconds', this.#llm, m.llmNodeTtft, requestGuard);
    samples.measure('lk_agents_turn_tts_ttfb_seconds', this.#tts, m.ttsNodeTtfb, requestGuard);
    samples.measure('lk_agents_turn_playback_latency_seconds', {}, m.playbackLatency, delayGuard);
    const measured = samples.measure(
      'lk_agents_turn_e2e_latency_seconds',
      this.#llm,
      m.e2eLatency,
      requestGuard,
    );
    if (measured) this.#attributeLatency(samples, m);
    // Text whose speech failed is in the chat history, but the caller did not hear it.
    if (Object.keys(m).length > 0 && m.startedSpeakingAt === undefined) return;
    const began = m.startedSpeakingAt ?? Number.POSITIVE_INFINITY;
    if (m.startedSpeakingAt !== undefined) this.#lastReplyAt = began;
    // It answers the previous turn, which has been counted.
    if (this.#open && began < this.#open.since) return;
    if (!this.#open && !this.#answersUserSpeech(m, began)) return;
    this.#open ??= new OpenTurn({}, Number.NEGATIVE_INFINITY, began);
    this.#userSpeech =
      this.#userSpeech && this.#userSpeech.last > began
        ? { ...this.#userSpeech, first: this.#userSpeech.last }
        : undefined;
    this.#open.answered = true;
    // Of several messages (an announcement, a tool call, then the answer), the first one ended the caller's wait.
    if (this.#open.reply?.e2eLatency === undefined) this.#open.reply = m;
    this.#open.interrupted = message.interrupted;
    if (message.interrupted) this.#finish(samples);
  }

  /** A realtime model may answer without a transcript: then the user's speech started the turn. */
  #answersUserSpeech(reply: llm.MetricsReport, began: number): boolean {
    const realtime = this.#realtime || reply.providerRequestIds !== undefined;
    return realtime && this.#userSpeech !== undefined && this.#userSpeech.first <= began;
  }

  /** Splits the latency of the turn that this reply answers into segments. */
  #attributeLatency(samples: Samples, reply: llm.MetricsReport): void {
    const e2eLatency = reply.e2eLatency as number;
    const stopped = (reply.startedSpeakingAt ?? Number.NaN) - e2eLatency;
    const turn = [this.#open, this.#last].find(
      (known) => Math.abs((known?.user.stoppedSpeakingAt ?? Number.NaN) - stopped) < clockToleranceSeconds,
    );
    const parts = segmentsOf({
      e2eLatency,
      ...(turn && {
        transcriptionDelay: turn.user.transcriptionDelay,
        endOfTurnDelay: turn.user.endOfTurnDelay,
        onUserTurnCompletedDelay: turn.user.onUserTurnCompletedDelay,
        tools: turn.toolSeconds,
        llmBefore: turn.llmBefore,
      }),
      llmNodeTtft: reply.llmNodeTtft,
      ttsNodeTtfb: reply.ttsNodeTtfb,
    });
    if (turn) turn.segments = parts;
    for (const [segment, value] of Object.entries(parts)) {
      samples.add('lk_agents_turn_segment_seconds_total', { segment: segment as keyof typeof parts }, value);
    }
  }

  #finish(samples: Samples): void {
    const turn = this.#open;
    if (!turn) return;
    this.#open = undefined;
    this.#last = turn;
    this.count += 1;
    const tools = turn.tools ? 'yes' : 'no';
    samples.add('lk_agents_turns_total', { outcome: turn.outcome, tools }, 1);
    const { outcome, toolSeconds, user, reply, segments } = turn;
    this.#onTurnEnd({ outcome, tools: turn.tools, toolSeconds, user, reply, segments });
  }
}
