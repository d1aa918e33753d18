import type { Message, MessageType } from '@bufbuild/protobuf';
import { makeMessageType, message, scalar } from './otlp-schema.ts';

interface Timestamp extends Message<Timestamp> {
  seconds: bigint;
  nanos: number;
}
export interface RecordingHeader extends Message<RecordingHeader> {
  roomId: string;
  /** Milliseconds (Python), 0 (Node.js). */
  duration: bigint;
  /** When the recorder began; 1970 if there is no audio. */
  startTime?: Timestamp;
  roomName: string;
  jobId: string;
  simulated: boolean;
  redactionEnabled: boolean;
  /** The session report as JSON, without its history (Python). */
  sessionSummary: string;
}

const Timestamp: MessageType<Timestamp> = makeMessageType('google.protobuf.Timestamp', () => [
  scalar(1, 'seconds', 'int64'),
  scalar(2, 'nanos', 'int32'),
]);

/** `livekit.MetricsRecordingHeader`, the first part of an uploaded recording. */
export const RecordingHeader: MessageType<RecordingHeader> = makeMessageType(
  'livekit.MetricsRecordingHeader',
  () => [
    scalar(1, 'room_id', 'string'),
    scalar(3, 'duration', 'int64'),
    message(4, 'start_time', Timestamp),
    scalar(6, 'room_name', 'string'),
    scalar(8, 'job_id', 'string'),
    scalar(9, 'simulated', 'bool'),
    scalar(10, 'redaction_enabled', 'bool'),
    scalar(11, 'session_summary', 'string'),
  ],
);

/** Unix seconds at which the audio begins; undefined: there is none. */
export function audioStart({ startTime }: RecordingHeader): number | undefined {
  const at = Number(startTime?.seconds ?? 0n) + (startTime?.nanos ?? 0) / 1e9;
  return at > 0 ? at : undefined;
}
