import type { recordingDestinations, recordingMedia } from '../../catalogue/recordings.ts';
import { Options } from '../../options.ts';
import { missing, type Output, outputOf, type Storage } from './outputs.ts';

export interface RecordRoomOptions {
  /** Whether only the sound is recorded (OGG), or the picture, too (MP4). @default TALKGAUGE_RECORDING_AUDIO_ONLY, or true */
  audioOnly?: boolean;
  /** Layout of the picture: `grid`, `speaker`, `single-speaker`, or one of your template's. @default TALKGAUGE_RECORDING_LAYOUT, or LiveKit's */
  layout?: string;
  /**
   * The file's path in the storage; egress fills in `{room_id}`, `{room_name}`, `{time}` and `{utc}`, Talkgauge `{job_id}`,
   * and egress adds what the file's name ends in. @default TALKGAUGE_RECORDING_FILEPATH, or `{job_id}-{time}`
   */
  filepath?: string;
  /** Where the file goes: one of these. @default TALKGAUGE_RECORDING_OUTPUT and its further variables, or the storage of the egress service itself */
  output?: Output;
  /** LiveKit's server. @default TALKGAUGE_RECORDING_URL, the job's, or LIVEKIT_URL */
  url?: string;
  /** @default TALKGAUGE_RECORDING_API_KEY, the job's, or LIVEKIT_API_KEY */
  apiKey?: string;
  /** @default TALKGAUGE_RECORDING_API_SECRET, the job's, or LIVEKIT_API_SECRET */
  apiSecret?: string;
  /** How long egress may take to accept the recording, in milliseconds; nobody waits for it. @default TALKGAUGE_RECORDING_START_DEADLINE_MS, or 30000 */
  startDeadlineMs?: number;
  /** How long the end of a job may wait for the recording's end, in milliseconds. @default TALKGAUGE_RECORDING_STOP_DEADLINE_MS, or 4000: the job's report then tells of it */
  stopDeadlineMs?: number;
}

/** What a job knows of LiveKit's server. */
export interface ServerOfJob {
  url?: string;
  apiKey?: string;
  apiSecret?: string;
}

export type RecordingMedia = (typeof recordingMedia)[number];
export type RecordingDestination = (typeof recordingDestinations)[number];

export interface RecordingSettings {
  media: RecordingMedia;
  destination: RecordingDestination;
  layout: string;
  filepath: string;
  storage: Storage;
  url: string;
  apiKey: string;
  apiSecret: string;
  startDeadlineMs: number;
  stopDeadlineMs: number;
}

const longest = 300_000;

/** @throws {OptionError} for an option or variable that cannot be used, or one that is missing. */
export function resolveRecording(
  given: RecordRoomOptions,
  jobId: string | undefined,
  server: ServerOfJob = {},
): RecordingSettings {
  const options = new Options(given);
  const storage = outputOf(given?.output, options);
  const template = options.string('filepath', ['TALKGAUGE_RECORDING_FILEPATH']);
  // Outside a job there is no id of one.
  const filepath = template ?? (jobId ? '{job_id}-{time}' : '{room_id}-{time}');
  const need = (option: 'url' | 'apiKey' | 'apiSecret', name: string) =>
    options.string(option, [`TALKGAUGE_RECORDING_${name}`]) ??
    (server[option] || options.string('', [`LIVEKIT_${name}`]) || missing(option, `LIVEKIT_${name}`));
  const audioOnly = options.boolean('audioOnly', 'TALKGAUGE_RECORDING_AUDIO_ONLY') ?? true;
  const layout = options.string('layout', ['TALKGAUGE_RECORDING_LAYOUT']) ?? '';
  return {
    media: audioOnly ? 'audio' : 'audio_video',
    destination: storage.case ?? 'file',
    // Without one, egress takes the sound by itself; with one it starts a browser for it, which costs more.
    layout: audioOnly ? '' : layout,
    filepath: filepath.replaceAll('{job_id}', jobId ?? 'no-job'),
    storage,
    url: need('url', 'URL'),
    apiKey: need('apiKey', 'API_KEY'),
    apiSecret: need('apiSecret', 'API_SECRET'),
    startDeadlineMs:
      options.integer('startDeadlineMs', 'TALKGAUGE_RECORDING_START_DEADLINE_MS', 0, longest) ?? 30_000,
    stopDeadlineMs:
      options.integer('stopDeadlineMs', 'TALKGAUGE_RECORDING_STOP_DEADLINE_MS', 0, longest) ?? 4000,
  };
}
