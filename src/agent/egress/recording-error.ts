import type { recordingErrors } from '../../catalogue/recordings.ts';
import { egressTexts } from '../../private-apis/readers.ts';
import { warnMissing } from '../../private-apis/table.ts';

export type RecordingErrorCode = (typeof recordingErrors)[number];

/** Why a room is not recorded. The message names the next step. */
export class RecordingError extends Error {
  override name = 'RecordingError';
  readonly code: RecordingErrorCode;

  constructor(code: RecordingErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** Next step for the user, by code. */
const steps: Readonly<Record<RecordingErrorCode, string>> = {
  bad_option: 'correct the option that it names',
  no_egress_service:
    'run livekit/egress with the same Redis as LiveKit (docs/recordings.md shows how), or see whether it is up and has room for one more',
  no_capacity:
    'give the egress service more CPU or memory, run more of them, or raise the limit of the project',
  no_permission: 'use an API key and secret that the server knows and that may record (grant roomRecord)',
  room_not_found: 'start the recording while the room is open, and on the server that has it',
  bad_output: 'check bucket, region, endpoint, credentials and filepath, and whether egress may write there',
  no_media:
    'nobody in the room had published by then: start the recording later, or take it as an empty call',
  timeout: 'see whether LiveKit and its egress service are overloaded, or raise the deadline',
  unreachable: 'check the URL, and whether LiveKit answers there',
  unknown: "see the log of LiveKit's server and of its egress service",
};

/** Codes by Twirp error code. */
const twirp: Readonly<Record<string, RecordingErrorCode>> = {
  unauthenticated: 'no_permission',
  permission_denied: 'no_permission',
  not_found: 'room_not_found',
  invalid_argument: 'bad_output',
  failed_precondition: 'bad_output',
  resource_exhausted: 'no_capacity',
  unavailable: 'no_egress_service',
  deadline_exceeded: 'timeout',
  bad_route: 'unreachable',
};

/** Codes by HTTP status, for a response without a Twirp code: from another server, or from a proxy. */
const statuses: Readonly<Record<number, RecordingErrorCode>> = {
  401: 'no_permission',
  403: 'no_permission',
  404: 'unreachable',
  405: 'unreachable',
  408: 'timeout',
  429: 'no_capacity',
  502: 'unreachable',
  503: 'unreachable',
  504: 'timeout',
};

/** The code of an error by its message, which takes precedence, or else by its code or status. */
function codeOf(text: string, otherwise: RecordingErrorCode | undefined): RecordingErrorCode {
  const code = egressTexts.find(([pattern]) => pattern.test(text))?.[1] ?? otherwise;
  if (!code) warnMissing('egressTexts');
  return code ?? 'unknown';
}

const make = (code: RecordingErrorCode, what: string, cause?: unknown) =>
  new RecordingError(code, `${what}; ${steps[code]}`, cause);

/** Converts an error of a request to LiveKit to a RecordingError. */
export function requestError(error: unknown, url: string): RecordingError {
  if (error instanceof RecordingError) return error;
  const { name, message, code, status, cause } = error as Error & { code?: string; status?: number };
  if (name === 'TimeoutError' || name === 'AbortError') return timeoutError(url);
  if (status === undefined) {
    const reason = (cause as Error | undefined)?.message || message;
    // fetch throws a TypeError with the reason as its cause, and also for an invalid URL.
    const kind = error instanceof TypeError ? 'unreachable' : 'unknown';
    return make(kind, `LiveKit at ${url} did not answer (${reason})`, error);
  }
  const kind = codeOf(message, code ? twirp[code] : statuses[status]);
  return make(kind, `LiveKit at ${url} said: ${code ?? status} ${line(message)}`, error);
}

/** LiveKit has not answered in time. */
export const timeoutError = (url: string): RecordingError =>
  make('timeout', `LiveKit at ${url} did not answer in time`);

/** The error of a recording that egress reports as failed; `status` is HTTP-like, or 0. */
export function egressError(text: string, status: number): RecordingError {
  const kind = codeOf(text, status === 400 ? 'bad_output' : statuses[status]);
  return make(kind, `Egress said: ${line(text) || 'nothing'}`);
}

export const optionError = (message: string): RecordingError => new RecordingError('bad_option', message);

/** One line of at most 300 characters: some storages answer with an HTML page. */
const line = (text: string) => text.replace(/\s+/g, ' ').trim().slice(0, 300);
