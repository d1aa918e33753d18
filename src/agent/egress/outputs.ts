import { readFileSync } from 'node:fs';
import { recordingDestinations } from '../../catalogue/recordings.ts';
import { OptionError, type Options } from '../../options.ts';

/** A bucket of S3 or of what speaks its language. Without keys, egress uses its own: its configuration, or its role. */
export interface S3Output {
  bucket: string;
  region?: string;
  /** URL of a storage other than AWS's. */
  endpoint?: string;
  /** Whether the bucket is a part of the path and not of the host's name. @default true where there is an endpoint */
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

/** One place for the file. */
export type Output = { s3: S3Output } | { gcp: GcpOutput } | { azure: AzureOutput };

/** Where a recording goes, as the request to LiveKit names it. */
export type Storage =
  | { case: 's3'; value: S3Output }
  | { case: 'gcp'; value: GcpOutput }
  | { case: 'azure'; value: AzureOutput }
  | { case: undefined };

/** @throws {OptionError} for an output or variable that cannot be used, or one that is missing. */
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

/** Storages other than AWS's know a bucket by its path, and seldom by its host. */
const s3 = (value: S3Output): Storage => ({
  case: 's3',
  value: { ...(value.endpoint && { forcePathStyle: true }), ...value },
});

/**
 * By TALKGAUGE_RECORDING_OUTPUT. Credentials have variables of their own: those that the agent's process has for itself
 * (AWS_…, GOOGLE_…, AZURE_…) are for other things, and not sent to anybody.
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
