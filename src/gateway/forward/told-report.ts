import type { RecordAttributes } from '../../catalogue/conversation.ts';
import { closeReasonOf } from '../../session/session-observer.ts';
import type { SessionCost } from '../store/session-cost.ts';
import { percentile } from '../store/summary.ts';

/** What the gateway has of a session beside its conversation. */
export interface Received {
  /** Its name in the store. */
  id?: string;
  cost?: SessionCost;
  /** Whether its recording is kept. */
  audio?: boolean;
  /** Why it ended, if that is known by now. */
  closeReason?: string;
}

/** What a conversation comes to; durations are seconds. */
export interface Sums {
  duration: number;
  turns: number;
  latencies: readonly number[];
  interruptions: number;
  toolCalls: number;
  toolErrors: number;
  handoffs: number;
}

/** What is told of the SDK's report, as a job tells of its own; uploads know no errors of models. */
export function reportAttributes(
  { id, cost, audio, closeReason }: Received,
  sums: Sums,
): RecordAttributes<'lk.session_report'> {
  // Usage without a price is not free: of nothing else, no cost is known.
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
