import { readFileSync } from 'node:fs';
import { recordingDestinations, type recordingMedia } from '../../catalogue/recordings.ts';
import { OptionError, Options } from '../../options.ts';

export interface RecordRoomOptions {
  /** Whether only audio is recorded (OGG), or video, too (MP4). @default TALKGAUGE_RECORDING_AUDIO_ONLY, or true */
  audioOnly?: boolean;
  /**
   * Layout of the video: `grid`, `speaker`, `single-speaker`, or one of your own template. @default
   * TALKGAUGE_RECORDING_LAYOUT, or LiveKit's
   */
  layout?: string;
  /**
   * The file's path in the storage; egress fills in `{room_id}`, `{room_name}`, `{time}` and `{utc}`, Talkgauge `{job_id}`,
   * and egress adds what the file's name ends in. @default TALKGAUGE_RECORDING_FILEPATH, or `{job_id}-{time}`
   */
  filepath?: string;
  /**
   * The storage of the file: one of these. @default TALKGAUGE_RECORDING_OUTPUT and its further variables, or the storage of
   * the egress service itself
   */
  output?: Output;
  /** LiveKit's server. @default TALKGAUGE_RECORDING_URL, the job's, or LIVEKIT_URL */
  url?: string;
  /** @default TALKGAUGE_RECORDING_API_KEY, the job's, or LIVEKIT_API_KEY */
  apiKey?: string;
  /** @default TALKGAUGE_RECORDING_API_SECRET, the job's, or LIVEKIT_API_SECRET */
  apiSecret?: string;
  /** Deadline for egress to accept the recording, in milliseconds; it delays nothing. @default TALKGAUGE_RECORDING_START_DEADLINE_MS, or 30000 */
  startDeadlineMs?: number;
  /** How long the end of a job may wait for the recording's end, in milliseconds. @default TALKGAUGE_RECORDING_STOP_DEADLINE_MS, or 4000: then the job's report includes its result */
  stopDeadlineMs?: number;
}

/** The job's connection details of LiveKit's server. */
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

/** @throws {OptionError} for an option or variable that is invalid or missing. */
export function resolveRecording(
  given: RecordRoomOptions,
  jobId: string | undefined,
  server: ServerOfJob = {},
): RecordingSettings {
  const options = new Options(given);
  const storage = outputOf(given?.output, options);
  const template = options.string('filepath', ['TALKGAUGE_RECORDING_FILEPATH']);
  // Outside a job there is no job id.
  const filepath = template ?? (jobId ? '{job_id}-{time}' : '{room_id}-{time}');
  const need = (option: 'url' | 'apiKey' | 'apiSecret', name: string) =>
    options.string(option, [`TALKGAUGE_RECORDING_${name}`]) ??
    (server[option] || options.string('', [`LIVEKIT_${name}`]) || missing(option, `LIVEKIT_${name}`));
  const audioOnly = options.boolean('audioOnly', 'TALKGAUGE_RECORDING_AUDIO_ONLY') ?? true;
  const layout = options.string('layout', ['TALKGAUGE_RECORDING_LAYOUT']) ?? '';
  return {
    media: audioOnly ? 'audio' : 'audio_video',
    destination: storage.case ?? 'file',
    // Without a layout, egress records audio directly; with one it starts a browser, which costs more.
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

/** A bucket of S3 or of a compatible storage. Without keys, egress uses those of its configuration or role. */
export interface S3Output {
  bucket: string;
  region?: string;
  /** URL of a storage other than AWS's. */
  endpoint?: string;
  /** Whether the bucket is part of the path and not of the host's name. @default true with an endpoint */
  forcePathStyle?: boolean;
  accessKey?: string;
  secret?: string;
  sessionToken?: string;
}

/** A bucket of Google Cloud Storage. */
export interface GcpOutput {
  bucket: string;
  /** A service account's key, as JSON. @default egress's own */
  credentials?: string;
}

/** A container of Azure Blob Storage. */
export interface AzureOutput {
  containerName: string;
  accountName?: string;
  accountKey?: string;
}

/** The storage of the file. */
export type Output = { s3: S3Output } | { gcp: GcpOutput } | { azure: AzureOutput };

/** The storage of a recording, in the format of the request to LiveKit. */
export type Storage =
  | { case: 's3'; value: S3Output }
  | { case: 'gcp'; value: GcpOutput }
  | { case: 'azure'; value: AzureOutput }
  | { case: undefined };

/** @throws {OptionError} for an output or variable that is invalid or missing. */
export const outputOf = (given: Output | undefined, options: Options): Storage =>
  given ? givenStorage(given) : storageOfEnvironment(options);

export function missing(name: string, instead: string): never {
  throw new OptionError(`A recording takes ${name}: give it, or set ${instead}.`);
}

function givenStorage(output: object): Storage {
  const [[kind, value] = [], ...others] = Object.entries(output).filter(([, one]) => one !== undefined);
  const bucket = kind === 'azure' ? 'containerName' : 'bucket';
  if (others.length > 0 || !['s3', 'gcp', 'azure'].includes(kind ?? '')) {
    throw new OptionError(
      'output cannot be used: give one of { s3 }, { gcp } or { azure }, or leave it out.',
    );
  }
  if (typeof value?.[bucket] !== 'string' || !value[bucket]) {
    throw new OptionError(`output.${kind} takes ${bucket}: name where the file goes.`);
  }
  return kind === 's3' ? s3(value) : ({ case: kind, value } as Storage);
}

/** Storages other than AWS's usually address a bucket by path, not by host. */
const s3 = (value: S3Output): Storage => ({
  case: 's3',
  value: { ...(value.endpoint && { forcePathStyle: true }), ...value },
});

/**
 * By TALKGAUGE_RECORDING_OUTPUT. Credentials have their own variables: those of the agent's process (AWS_…, GOOGLE_…,
 * AZURE_…) serve other purposes, and are not sent to LiveKit.
 */
function storageOfEnvironment(options: Options): Storage {
  const read = (name: string) => options.string('', [name]);
  const kind = read('TALKGAUGE_RECORDING_OUTPUT') ?? 'file';
  if (kind === 'file') return { case: undefined };
  if (!recordingDestinations.some((one) => one === kind)) {
    const known = recordingDestinations.join(', ');
    throw new OptionError(
      `TALKGAUGE_RECORDING_OUTPUT="${kind}" cannot be used: give ${known}, or leave it out.`,
    );
  }
  const bucket = read('TALKGAUGE_RECORDING_BUCKET') ?? missing('a bucket', 'TALKGAUGE_RECORDING_BUCKET');
  if (kind === 'gcp') {
    const file = read('TALKGAUGE_RECORDING_CREDENTIALS');
    return { case: 'gcp', value: { bucket, ...(file && { credentials: keyIn(file) }) } };
  }
  const [key, secret] = [read('TALKGAUGE_RECORDING_ACCESS_KEY'), read('TALKGAUGE_RECORDING_SECRET_KEY')];
  options.requireTogether({ TALKGAUGE_RECORDING_ACCESS_KEY: key, TALKGAUGE_RECORDING_SECRET_KEY: secret });
  if (kind === 'azure') {
    return {
      case: 'azure',
      value: { containerName: bucket, ...(key && { accountName: key, accountKey: secret }) },
    };
  }
  const [region, endpoint] = [read('TALKGAUGE_RECORDING_REGION'), read('TALKGAUGE_RECORDING_ENDPOINT')];
  const value = {
    bucket,
    ...(region && { region }),
    ...(endpoint && { endpoint }),
    ...(key && { accessKey: key, secret }),
  };
  return s3(value);
}

function keyIn(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { message } = error as Error;
    throw new OptionError(
      `TALKGAUGE_RECORDING_CREDENTIALS="${file}" cannot be read (${message}): name a key's file.`,
    );
  }
}
