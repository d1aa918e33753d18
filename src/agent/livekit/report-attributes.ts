import type { RecordAttributes } from '../../catalogue/conversation.ts';
import type { WrittenReport } from './reported-session.ts';

/** What the log is told of a report: where it is, and its sums. */
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
