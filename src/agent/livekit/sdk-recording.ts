import type { JobContext, voice } from '@livekit/agents';
import { settlesWithin } from '../../deadline.ts';
import { moveRecording } from '../reports/folder.ts';
import type { JobRecording } from './job-recordings.ts';
import { seconds } from './sdk-event.ts';

/** The part of a job's context that is used here. */
export type RecordedJob = Partial<Pick<JobContext, 'makeSessionReport'>>;

export interface SdkRecordingOptions {
  session: object;
  job: RecordedJob | undefined;
  /** The switch, and whether LiveKit demands redaction. */
  audio: boolean;
  redaction: boolean;
  folder: string;
  stem: string;
  /** The timeout in milliseconds. */
  ms: number;
}

/** Moves the SDK's audio recording of a session beside its report; undefined: there is none. Never rejects. */
export async function moveSdkRecording(options: SdkRecordingOptions): Promise<JobRecording | undefined> {
  const { audio, redaction, folder, stem, ms } = options;
  const report = sdkReport(options);
  const path = report?.audioRecordingPath;
  if (!report || !path) return undefined;
  const startedAt = report.audioRecordingStartedAt;
  const about = {
    kind: 'sdk',
    id: 'sdk',
    audioOnly: true,
    ...(startedAt !== undefined && { startedAt }),
  } as const;
  const without = (status: 'off' | 'failed', code: string, message: string): JobRecording => ({
    ...{ ...about, status, location: path },
    error: { code, message },
  });
  if (!audio) {
    return without(
      'off',
      'switched_off',
      'the switch audio is off, and the file was left where the SDK has put it: add audio to TALKGAUGE_RECORD, or to { record } of observe()',
    );
  }
  if (redaction) {
    return without(
      'off',
      'redaction',
      'LiveKit demands redaction; the file was left where the SDK has put it',
    );
  }
  let result = without('failed', 'deadline', 'the folder did not take it in time');
  const late = new AbortController();
  const taking = moveRecording(path, folder, stem, late.signal).then(
    ({ name, bytes, at }) => {
      const duration = startedAt === undefined ? undefined : seconds(Math.max(0, at - startedAt));
      result = {
        ...{ ...about, status: 'saved', location: name, bytes, endedAt: Math.round(at) },
        ...(duration !== undefined && { duration }),
      };
    },
    (error: NodeJS.ErrnoException) => {
      result = without('failed', error.code === 'ENOENT' ? 'missing' : 'unwritable', error.message);
    },
  );
  await settlesWithin(ms, taking);
  late.abort();
  return result;
}

/** The SDK's own report; it throws for a session that was never started, or is still being recorded. */
function sdkReport({ session, job }: SdkRecordingOptions): voice.SessionReport | undefined {
  try {
    return job?.makeSessionReport?.(session as voice.AgentSession);
  } catch {
    return undefined;
  }
}
