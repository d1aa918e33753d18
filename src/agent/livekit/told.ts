import type { voice } from '@livekit/agents';
import { trace } from '@opentelemetry/api';
import { ConversationRecords } from './conversation-records.ts';
import { demandsRedaction } from './demanded-redaction.ts';
import type { JobOfTelemetry, JobTelemetry } from './job-telemetry.ts';
import type { resolveObserveOptions } from './observe-options.ts';
import type { FeedOptions } from './session-listener.ts';

/** Joins a session to the traces and logs of its process: what its feed needs for them. */
export function told(
  telemetry: JobTelemetry,
  { record, redact }: ReturnType<typeof resolveObserveOptions>,
  session: Pick<voice.AgentSession, 'on'>,
  job: JobOfTelemetry | undefined,
): Required<Pick<FeedOptions, 'records' | 'muted'>> {
  if (job?.job) telemetry.follow(job);
  telemetry.withhold(() => demandsRedaction(session, job));
  if (redact) telemetry.redact(redact);
  if (record.logs || record.transcript) telemetry.tells('conversation');
  telemetry.switchOff(record, trace.getActiveSpan()?.spanContext().traceId);
  return {
    records: new ConversationRecords({
      emit: (item) => telemetry.emit(item),
      transcript: () => record.transcript && !demandsRedaction(session, job),
      logs: record.logs,
    }),
    muted: (traceId) => telemetry.telemetry.spans?.muted(traceId) ?? false,
  };
}
