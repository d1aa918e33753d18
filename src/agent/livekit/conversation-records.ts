import type { llm, voice } from '@livekit/agents';
import type {
  ConversationRecord,
  MeasuredAttributes,
  RecordAttributes,
} from '../../catalogue/conversation.ts';
import type { SessionEventName } from '../../session/events.ts';
import { requestGuard, validOrZero } from '../../session/samples.ts';
import { closeReasonOf } from '../../session/session-observer.ts';
import type { TurnSummary } from '../../session/turns.ts';
import type { LogItem, Severity } from '../telemetry/log-pipeline.ts';
import type { WrittenReport } from './reported-session.ts';
import { type SdkEvents, seconds } from './sdk-event.ts';

export interface ConversationOptions {
  emit(item: LogItem): void;
  /** Whether texts are included. Called for each record, because LiveKit may demand redaction when a session starts. */
  transcript(): boolean;
  /** Whether records without text are emitted. */
  logs: boolean;
}

type Readers = { [E in SessionEventName]?: (event: SdkEvents[E]) => void };

/** Emits a conversation as log records, one for each event; docs/telemetry.md lists them. Durations are in seconds. */
export class ConversationRecords {
  readonly #options: ConversationOptions;
  #startedAt: number | undefined;
  #counts = noCounts();

  constructor(options: ConversationOptions) {
    this.#options = options;
  }

  event<E extends SessionEventName>(name: E, event: SdkEvents[E]): void {
    this.#readers[name]?.(event as never);
  }

  turn({ outcome, tools, toolSeconds, user, reply, segments }: TurnSummary): void {
    const counts = this.#counts;
    counts.turns += 1;
    if (outcome === 'interrupted') counts.interruptions += 1;
    const latency = validOrZero(reply?.e2eLatency, requestGuard);
    if (latency > 0) counts.slowest = Math.max(counts.slowest ?? 0, latency);
    if (!this.#options.logs) return;
    this.#emit('lk.turn', Date.now(), `turn ${counts.turns} ${outcome}`, {
      'lk.turn.number': counts.turns,
      'lk.turn.outcome': outcome,
      'lk.turn.tools': tools,
      ...(tools && { 'lk.turn.tool_seconds': toolSeconds }),
      ...measured(user),
      ...measured(reply ?? {}),
      ...(segments && {
        'lk.segment.transcription': segments.transcription,
        'lk.segment.endpointing': segments.endpointing,
        'lk.segment.user_hook': segments.user_hook,
        'lk.segment.llm': segments.llm,
        'lk.segment.tools': segments.tools,
        'lk.segment.tts': segments.tts,
        'lk.segment.unattributed': segments.unattributed,
      }),
    });
  }

  /** Emits the record of the session's report, with its totals. */
  report(written: WrittenReport): void {
    if (!this.#options.logs) return;
    const { report, outcome } = written;
    const severity = outcome === 'written' || outcome === 'uploaded' ? 'INFO' : 'WARN';
    this.#emit(
      'lk.session_report',
      report.timestamp,
      `session report ${outcome}`,
      reportAttributes(written),
      severity,
    );
  }

  readonly #readers: Readers = {
    agent_state_changed: ({ createdAt }) => {
      if (this.#startedAt !== undefined) return;
      this.#startedAt = createdAt;
      if (this.#options.logs) this.#emit('lk.session_start', createdAt, 'session started');
    },
    conversation_item_added: ({ item, createdAt }) => {
      if (item.type === 'message') this.#message(item, createdAt);
      else if (this.#options.logs && item.type === 'agent_handoff' && item.oldAgentId) {
        const attributes = { 'lk.old_agent': item.oldAgentId, 'lk.new_agent': item.newAgentId };
        this.#emit('lk.handoff', createdAt, `handoff to ${item.newAgentId}`, attributes);
      }
    },
    function_tools_executed: (event) => this.#tools(event),
    speech_done: ({ speechHandle: { id, interrupted }, createdAt }) => {
      if (!interrupted || !this.#options.logs) return;
      this.#emit('lk.interruption', createdAt, 'the agent was interrupted', { 'lk.speech_id': id });
    },
    agent_false_interruption: ({ resumed, createdAt }) => {
      if (!this.#options.logs) return;
      const attributes = { 'lk.resumed': Boolean(resumed) };
      this.#emit('lk.false_interruption', createdAt, 'an interruption was none', attributes);
    },
    user_transcription_timeout: ({ createdAt }) => {
      if (this.#options.logs)
        this.#emit('lk.transcription_timeout', createdAt, 'no transcript came', {}, 'WARN');
    },
    error: ({ error, source, createdAt }) => {
      this.#counts.errors += 1;
      if (!this.#options.logs) return;
      const { type, recoverable, label } = error;
      const attributes = {
        'lk.error.type': type,
        'lk.error.recoverable': recoverable,
        'lk.error.label': label,
        ...(source?.provider && { 'lk.model_provider': source.provider }),
        ...(source?.model && { 'lk.model_name': source.model }),
      };
      this.#emit('lk.error', createdAt, `${type} of ${label}`, attributes, recoverable ? 'WARN' : 'ERROR');
    },
    close: ({ reason, error, createdAt }) => {
      if (this.#options.logs && this.#startedAt !== undefined) {
        const { turns, slowest, interruptions, toolCalls, toolErrors, errors } = this.#counts;
        // A user-defined close reason may contain content.
        const closeReason = closeReasonOf(reason);
        const attributes = {
          'lk.close_reason': closeReason,
          'lk.turns': turns,
          'lk.duration': seconds(createdAt - this.#startedAt),
          'lk.interruptions': interruptions,
          'lk.tool_calls': toolCalls,
          'lk.tool_errors': toolErrors,
          'lk.errors': errors,
          ...(slowest !== undefined && { 'lk.slowest_turn': slowest }),
          ...(error && { 'lk.error.type': error.type }),
        };
        this.#emit(
          'lk.session_end',
          createdAt,
          `session ended: ${closeReason}`,
          attributes,
          error ? 'ERROR' : 'INFO',
        );
      }
      // A session may be restarted after its close.
      this.#startedAt = undefined;
      this.#counts = noCounts();
    },
  };

  #message(message: llm.ChatMessage, at: number): void {
    const { transcript, logs } = this.#options;
    const withText = transcript();
    if (!logs && !withText) return;
    const text = message.textContent ?? '';
    const length = `${message.role} message, ${text.length} characters`;
    this.#emit('lk.conversation_item', message.createdAt ?? at, withText ? text : length, {
      'lk.item_id': message.id,
      'lk.role': message.role,
      'lk.interrupted': message.interrupted,
      'lk.text_length': text.length,
      ...(message.transcriptConfidence !== undefined && {
        'lk.transcript_confidence': message.transcriptConfidence,
      }),
      ...measured(message.metrics ?? {}),
    });
  }

  #tools({ functionCalls, functionCallOutputs, createdAt }: voice.FunctionToolsExecutedEvent): void {
    const withText = this.#options.transcript();
    for (const [index, call] of functionCalls.entries()) {
      const output = functionCallOutputs[index];
      const failed = Boolean(output?.isError);
      this.#counts.toolCalls += 1;
      if (failed) this.#counts.toolErrors += 1;
      if (!this.#options.logs && !withText) continue;
      const duration = seconds((output?.createdAt ?? Number.NaN) - (call.createdAt ?? Number.NaN));
      const attributes = {
        'lk.function_tool.name': call.name,
        'lk.function_tool.id': call.callId,
        'lk.function_tool.is_error': failed,
        ...(Number.isFinite(duration) && { 'lk.duration': duration }),
        ...(withText && { 'lk.pii.function_tool.arguments': call.args }),
        ...(withText && output && { 'lk.pii.function_tool.output': output.output }),
      };
      const body = `${call.name} ${failed ? 'failed' : 'answered'}`;
      this.#emit('lk.tool_call', output?.createdAt ?? createdAt, body, attributes, failed ? 'WARN' : 'INFO');
    }
  }

  #emit<R extends ConversationRecord>(
    event: R,
    at: number,
    body: string,
    attributes: RecordAttributes<R> = {},
    severity: Severity = 'INFO',
  ): void {
    // Loki keeps attributes, and not yet the name of an event.
    const named = { 'event.name': event, ...attributes };
    this.#options.emit({ signal: 'conversation', event, at, severity, body, attributes: named });
  }
}

/** Totals of a session, for its last record. */
const noCounts = () => ({
  turns: 0,
  /** The highest latency of a turn; undefined: none was measured. */
  slowest: undefined as number | undefined,
  interruptions: 0,
  toolCalls: 0,
  toolErrors: 0,
  errors: 0,
});

/** A message's metrics in seconds, under the names of LiveKit's span attributes. */
function measured(m: llm.MetricsReport): MeasuredAttributes {
  return {
    ...(m.e2eLatency !== undefined && { 'lk.e2e_latency': m.e2eLatency }),
    ...(m.transcriptionDelay !== undefined && { 'lk.transcription_delay': m.transcriptionDelay }),
    ...(m.endOfTurnDelay !== undefined && { 'lk.end_of_turn_delay': m.endOfTurnDelay }),
    ...(m.onUserTurnCompletedDelay !== undefined && {
      'lk.on_user_turn_completed_delay': m.onUserTurnCompletedDelay,
    }),
    ...(m.llmNodeTtft !== undefined && { 'lk.response.ttft': m.llmNodeTtft }),
    ...(m.ttsNodeTtfb !== undefined && { 'lk.response.ttfb': m.ttsNodeTtfb }),
    ...(m.playbackLatency !== undefined && { 'lk.playback_latency': m.playbackLatency }),
  };
}

/** Attributes of a report's log record: its location and totals. */
export function reportAttributes({
  report,
  outcome,
  location,
}: WrittenReport): RecordAttributes<'lk.session_report'> {
  const { counts, latency, cost, recordings } = report;
  return {
    'lk.report.outcome': outcome,
    ...(location !== undefined && { 'lk.report.location': location }),
    'lk.report.session': report.session,
    ...(report.closeReason && { 'lk.close_reason': report.closeReason }),
    ...(report.error && { 'lk.error.type': report.error.type }),
    ...(report.durationSeconds !== undefined && { 'lk.duration': report.durationSeconds }),
    'lk.turns': counts.turns,
    'lk.interruptions': counts.interruptions,
    'lk.tool_calls': counts.toolCalls,
    'lk.tool_errors': counts.toolErrors,
    'lk.handoffs': counts.handoffs,
    'lk.errors': counts.errors,
    ...(latency.p50 !== undefined && { 'lk.e2e_latency.p50': latency.p50 }),
    ...(latency.p95 !== undefined && { 'lk.e2e_latency.p95': latency.p95 }),
    ...(cost.usd !== undefined && { 'lk.cost_usd': cost.usd }),
    'lk.cost_incomplete': cost.unpriced.length > 0,
    'lk.recordings': recordings.filter(({ status }) => status === 'saved').length,
  };
}
