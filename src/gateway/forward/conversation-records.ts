import type {
  ConversationRecord,
  MeasuredAttributes,
  RecordAttributes,
} from '../../catalogue/conversation.ts';
import { closeReasonOf } from '../../session/session-observer.ts';
import { coveredTime, segmentsOf } from '../../session/turn-latency.ts';
import type { ChatItem, MessageMetrics } from '../decode/chat-item.ts';
import type { SessionReport } from '../decode/session-report.ts';
import type { SessionCost } from '../store/session-state.ts';
import { percentile } from '../store/summary.ts';

/** A log record of a conversation, as a job emits it. `at` is unix seconds. */
export interface EventRecord {
  event: ConversationRecord;
  at: number;
  severity: 'INFO' | 'WARN';
  body: string;
  attributes: RecordAttributes;
}

/** The uploaded data of one conversation. */
export interface Conversation extends SessionContext {
  /** In order of time. */
  items: readonly ChatItem[];
  report?: SessionReport;
  /** Whether its last turn was abandoned according to its metrics; called if that turn has no answer. @default never */
  isAbandoned?(): boolean;
}

function eventRecord<R extends ConversationRecord>(
  event: R,
  at: number,
  body: string,
  attributes: RecordAttributes<R> = {},
  severity: EventRecord['severity'] = 'INFO',
): EventRecord {
  const known = Object.entries(attributes).filter(([, value]) => value !== undefined);
  return { event, at, severity, body, attributes: Object.fromEntries(known) };
}

const measured = (m: MessageMetrics = {}): MeasuredAttributes => ({
  'lk.e2e_latency': m.e2eLatency,
  'lk.transcription_delay': m.transcriptionDelay,
  'lk.end_of_turn_delay': m.endOfTurnDelay,
  'lk.on_user_turn_completed_delay': m.onUserTurnCompletedDelay,
  'lk.response.ttft': m.llmTtft,
  'lk.response.ttfb': m.ttsTtfb,
  'lk.playback_latency': m.playbackLatency,
});

interface Turn {
  user: ChatItem;
  reply?: ChatItem;
  /** Whether the last message of the answer was interrupted. */
  interrupted: boolean;
  /** Whether the caller hung up without waiting for an answer. */
  abandoned: boolean;
  tools: boolean;
  /** The intervals in which tools ran before the reply, in unix seconds. */
  toolRuns: { start: number; end: number }[];
  at: number;
}

/**
 * The log records of an uploaded conversation: the same, by name and attributes, that a job emits as it happens, so
 * that one query finds both. Interruptions, errors of models and false alarms are not in an upload's conversation.
 */
export function eventRecordsOf({ items, report, isAbandoned, ...received }: Conversation): EventRecord[] {
  const records: EventRecord[] = [];
  const turns: Turn[] = [];
  const calls = new Map(
    items.flatMap((item) => (item.type === 'function_call' ? [[item.callId, item]] : [])),
  );
  const counts = { toolCalls: 0, toolErrors: 0, handoffs: 0, latencies: [] as number[] };
  for (const item of items) {
    const at = item.at ?? report?.startedAt ?? 0;
    const turn = turns.at(-1);
    if (item.type === 'message' && item.role !== 'system' && item.role !== 'developer') {
      records.push(messageOf(item, at));
      if (item.role === 'user')
        turns.push({ user: item, interrupted: false, abandoned: false, tools: false, toolRuns: [], at });
      else if (turn) {
        turn.interrupted = item.interrupted ?? false;
        if (turn.reply?.metrics?.e2eLatency === undefined) Object.assign(turn, { reply: item, at });
      }
      const latency = item.metrics?.e2eLatency ?? -1;
      if (latency >= 0) counts.latencies.push(latency);
    } else if (item.type === 'function_call_output') {
      const call = calls.get(item.callId);
      const record = toolOf(item, call, at);
      records.push(record);
      counts.toolCalls += 1;
      if (item.isError) counts.toolErrors += 1;
      if (turn) turn.tools = true;
      if (turn && !turn.reply) turn.toolRuns.push({ start: Math.min(call?.at ?? at, at), end: at });
    } else if (item.type === 'agent_handoff' && item.oldAgent && item.newAgent) {
      counts.handoffs += 1;
      const agents = { 'lk.old_agent': item.oldAgent, 'lk.new_agent': item.newAgent };
      records.push(eventRecord('lk.handoff', at, `handoff to ${item.newAgent}`, agents));
    }
  }
  const last = turns.at(-1);
  if (last && !last.reply) last.abandoned = isAbandoned?.() ?? false;
  records.push(...turns.map(turnOf));
  if (report?.startedAt !== undefined) {
    const { startedAt, reportedAt } = report;
    records.push(eventRecord('lk.session_start', startedAt, 'session started'));
    if (reportedAt !== undefined) {
      const sums = {
        ...counts,
        duration: reportedAt - startedAt,
        turns: turns.length,
        interruptions: turns.filter(({ interrupted }) => interrupted).length,
      };
      const about = reportAttributes(received, sums);
      records.push(eventRecord('lk.session_report', reportedAt, 'session report received', about));
      // A custom close reason may contain personal data.
      const reason = received.closeReason === undefined ? 'unknown' : closeReasonOf(received.closeReason);
      const attributes = {
        'lk.close_reason': reason,
        'lk.turns': sums.turns,
        'lk.duration': sums.duration,
        'lk.slowest_turn': percentile(sums.latencies, 1),
        'lk.interruptions': sums.interruptions,
        'lk.tool_calls': sums.toolCalls,
        'lk.tool_errors': sums.toolErrors,
      };
      records.push(eventRecord('lk.session_end', reportedAt, `session ended: ${reason}`, attributes));
    }
  }
  return records;
}

function messageOf(item: ChatItem, at: number): EventRecord {
  const { id, role = 'unknown', text, interrupted, confidence, metrics } = item;
  return eventRecord('lk.conversation_item', at, text ?? `${role} message, without its text`, {
    'lk.item_id': id,
    'lk.role': role,
    'lk.interrupted': interrupted,
    'lk.text_length': text?.length,
    'lk.transcript_confidence': confidence,
    ...measured(metrics),
  });
}

function toolOf(output: ChatItem, call: ChatItem | undefined, at: number): EventRecord {
  const name = output.name ?? call?.name ?? 'unknown';
  const failed = output.isError ?? false;
  const attributes = {
    'lk.function_tool.name': name,
    'lk.function_tool.id': output.callId,
    'lk.function_tool.is_error': failed,
    'lk.duration': call?.at === undefined ? undefined : Math.max(0, at - call.at),
    'lk.pii.function_tool.arguments': call?.arguments,
    'lk.pii.function_tool.output': output.output,
  };
  return eventRecord(
    'lk.tool_call',
    at,
    `${name} ${failed ? 'failed' : 'answered'}`,
    attributes,
    failed ? 'WARN' : 'INFO',
  );
}

function turnOf(
  { user, reply, interrupted, abandoned, tools, toolRuns, at }: Turn,
  index: number,
): EventRecord {
  // Overlapping time of parallel tools counts once, as in the records of a job.
  const toolSeconds = coveredTime(toolRuns);
  const silent = abandoned ? 'abandoned' : 'unanswered';
  const outcome = !reply ? silent : interrupted ? 'interrupted' : 'completed';
  const m: MessageMetrics = { ...user.metrics, ...reply?.metrics };
  const segments =
    m.e2eLatency !== undefined && m.e2eLatency >= 0
      ? segmentsOf({
          e2eLatency: m.e2eLatency,
          transcriptionDelay: m.transcriptionDelay,
          endOfTurnDelay: m.endOfTurnDelay,
          onUserTurnCompletedDelay: m.onUserTurnCompletedDelay,
          tools: toolSeconds,
          llmNodeTtft: m.llmTtft,
          ttsNodeTtfb: m.ttsTtfb,
        })
      : undefined;
  return eventRecord('lk.turn', at, `turn ${index + 1} ${outcome}`, {
    'lk.turn.number': index + 1,
    'lk.turn.outcome': outcome,
    'lk.turn.tools': tools,
    'lk.turn.tool_seconds': tools ? toolSeconds : undefined,
    ...measured(m),
    'lk.segment.transcription': segments?.transcription,
    'lk.segment.endpointing': segments?.endpointing,
    'lk.segment.user_hook': segments?.user_hook,
    'lk.segment.llm': segments?.llm,
    'lk.segment.tools': segments?.tools,
    'lk.segment.tts': segments?.tts,
    'lk.segment.unattributed': segments?.unattributed,
  });
}

/** The gateway's data of a session in addition to its conversation. */
export interface SessionContext {
  /** Its id in the store. */
  id?: string;
  cost?: SessionCost;
  /** Whether its recording is stored. */
  audio?: boolean;
  /** Why it ended, if known. */
  closeReason?: string;
}

/** The totals of a conversation; durations are seconds. */
export interface ConversationTotals {
  duration: number;
  turns: number;
  latencies: readonly number[];
  interruptions: number;
  toolCalls: number;
  toolErrors: number;
  handoffs: number;
}

/** Attributes of the record of the SDK's report, as a job emits it; uploads have no errors of models. */
export function reportAttributes(
  { id, cost, audio, closeReason }: SessionContext,
  sums: ConversationTotals,
): RecordAttributes<'lk.session_report'> {
  // Usage without a price is not free: if there is no other usage, the cost is unknown.
  const usd = cost && (cost.usd > 0 || cost.unpriced.length === 0) ? cost.usd : undefined;
  return {
    'lk.report.outcome': 'received',
    'lk.report.location': id && `/api/sessions/${id}/report`,
    'lk.report.session': id,
    'lk.close_reason': closeReason && closeReasonOf(closeReason),
    'lk.duration': sums.duration,
    'lk.turns': sums.turns,
    'lk.interruptions': sums.interruptions,
    'lk.tool_calls': sums.toolCalls,
    'lk.tool_errors': sums.toolErrors,
    'lk.handoffs': sums.handoffs,
    'lk.e2e_latency.p50': percentile(sums.latencies, 0.5),
    'lk.e2e_latency.p95': percentile(sums.latencies, 0.95),
    'lk.cost_usd': usd,
    'lk.cost_incomplete': cost && cost.unpriced.length > 0,
    'lk.recordings': audio ? 1 : 0,
  };
}
