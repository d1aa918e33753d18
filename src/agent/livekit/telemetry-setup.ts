import type { voice } from '@livekit/agents';
import { trace } from '@opentelemetry/api';
import { Options } from '../../options.ts';
import { resolveTelemetry, type TelemetryOptions } from '../telemetry/settings.ts';
import { ConversationRecords } from './conversation-records.ts';
import { destination } from './destination.ts';
import { JobTelemetry, type JobTelemetryContext } from './job-telemetry.ts';
import {
  isRedactionDemanded,
  resolveIdentity,
  type resolveObserveOptions,
  resolveSwitches,
} from './observe-options.ts';
import { processState } from './process-state.ts';
import { loadedSdk, type Sdk } from './sdk.ts';
import type { SessionListenerOptions } from './session-listener.ts';

interface SetUpOptions {
  agentName?: string;
  agentVersion?: string;
  telemetry?: TelemetryOptions;
}

/**
 * Sets up tracing and logs in this process, once, if there is a backend for either; undefined: there is none.
 * OpenTelemetry's SDK is not loaded then. Never throws.
 */
export function setUpTelemetry(given: SetUpOptions | null, sdk?: Sdk): JobTelemetry | undefined {
  const shared = processState();
  if (shared.telemetry === undefined) {
    try {
      shared.telemetry = create(given);
    } catch (error) {
      shared.telemetry = null;
      console.warn(`talkgauge: there are neither traces nor logs: ${(error as Error).message}`);
    }
  }
  const telemetry = shared.telemetry ?? undefined;
  if (telemetry && sdk) telemetry.attachTo(sdk);
  return telemetry;
}

function create(given: SetUpOptions | null): JobTelemetry | null {
  // No session exists yet: only the environment's switches apply.
  const record = resolveSwitches(new Options());
  const settings = resolveTelemetry(given?.telemetry);
  if (!record.traces) settings.traces = undefined;
  if (!record.logs && !record.transcript) settings.logs = undefined;
  if (!settings.traces && !settings.logs) return null;
  const telemetry = new JobTelemetry(settings, resolveIdentity(new Options(given)), (identity) =>
    destination(identity, false),
  );
  telemetry.switchOff(record);
  return telemetry;
}

/** Sets up telemetry, and attaches it to the build of the SDK that the program uses. */
export async function setUpTelemetryForLoadedSdk(given: SetUpOptions | null): Promise<void> {
  const telemetry = setUpTelemetry(given);
  if (!telemetry) return;
  const sdk = await loadedSdk().catch(() => undefined);
  if (sdk) telemetry.attachTo(sdk);
}

/** Attaches a session to the traces and logs of its process. Returns the listener's options for them. */
export function attachSession(
  telemetry: JobTelemetry,
  { record, redact }: ReturnType<typeof resolveObserveOptions>,
  session: Pick<voice.AgentSession, 'on'>,
  job: JobTelemetryContext | undefined,
): Required<Pick<SessionListenerOptions, 'records' | 'muted'>> {
  if (job?.job) telemetry.attachJob(job);
  telemetry.withhold(() => isRedactionDemanded(session, job));
  if (redact) telemetry.redact(redact);
  if (record.logs || record.transcript) telemetry.markExported('conversation');
  telemetry.switchOff(record, trace.getActiveSpan()?.spanContext().traceId);
  return {
    records: new ConversationRecords({
      emit: (item) => telemetry.emit(item),
      transcript: () => record.transcript && !isRedactionDemanded(session, job),
      logs: record.logs,
    }),
    muted: (traceId) => telemetry.telemetry.spans?.muted(traceId) ?? false,
  };
}
