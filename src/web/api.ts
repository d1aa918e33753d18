import { type Inputs, useCallback, useEffect, useState } from 'preact/hooks';
import type { z } from 'zod';
import type {
  detailSchema,
  facetsSchema,
  logsSchema,
  pageSchema,
  peaksSchema,
  reportSchema,
  summarySchema,
  timelineSchema,
  transcriptSchema,
} from '../gateway/api/schema.ts';

/** The types of the gateway's API; see docs/gateway-api.md. */

export type Summary = z.infer<typeof summarySchema>;
export type SessionPage = z.infer<typeof pageSchema>;
export type Facets = z.infer<typeof facetsSchema>;
export type Detail = z.infer<typeof detailSchema>;
export type Transcript = z.infer<typeof transcriptSchema>;
export type Logs = z.infer<typeof logsSchema>;
export type Report = z.infer<typeof reportSchema>;
export type Timeline = z.infer<typeof timelineSchema>;
export type Peaks = z.infer<typeof peaksSchema>;

/** The error of a failed request. */
export class ApiError extends Error {
  override name = 'ApiError';
  /** 0 if there was no response. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * Asks the API.
 *
 * @throws ApiError with a message for people
 * @throws DOMException `AbortError` if it was aborted
 */
async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, { signal, headers: { accept: 'application/json' } });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, 'The gateway does not answer. Is it running?');
  }
  if (response.ok) return (await response.json()) as T;
  const message = await response.json().then(
    (body) => textOf((body as { error?: unknown }).error),
    () => undefined,
  );
  throw new ApiError(
    response.status,
    message ?? reasons[response.status] ?? `The gateway responded with status ${response.status}.`,
  );
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const reasons: Readonly<Record<number, string>> = {
  401: 'The login is invalid or has expired.',
  500: 'The gateway failed. See its log.',
};

const session = (id: string, part = '') => `/api/sessions/${encodeURIComponent(id)}${part}`;

export const api = {
  sessions: (query: URLSearchParams, signal?: AbortSignal) =>
    get<SessionPage>(`/api/sessions?${query}`, signal),
  facets: (signal?: AbortSignal) => get<Facets>('/api/facets', signal),
  session: (id: string, signal?: AbortSignal) => get<Detail>(session(id), signal),
  transcript: (id: string, signal?: AbortSignal) => get<Transcript>(session(id, '/transcript'), signal),
  timeline: (id: string, signal?: AbortSignal) => get<Timeline>(session(id, '/timeline'), signal),
  /** `state`: it is being decoded, ask again. */
  peaks: (id: string, signal?: AbortSignal) =>
    get<Peaks | { state: 'preparing' }>(session(id, '/peaks'), signal),
  logs: (id: string, query: URLSearchParams, signal?: AbortSignal) =>
    get<Logs>(session(id, `/logs?${query}`), signal),
  report: (id: string, signal?: AbortSignal) => get<Report>(session(id, '/report'), signal),
  audioUrl: (id: string) => session(id, '/audio'),
};

/** The state of a request. The old value stays while it is reloaded. */
export interface RequestState<T> {
  value?: T;
  error?: ApiError;
  loading: boolean;
  /** Sends the request again. */
  reload(): void;
}

/** Sends a request whenever `inputs` change. Responses for old inputs are ignored. */
export function useRequest<T>(load: (signal: AbortSignal) => Promise<T>, inputs: Inputs): RequestState<T> {
  const [state, setState] = useState<Omit<RequestState<T>, 'reload'>>({ loading: true });
  const [attempt, setAttempt] = useState(0);

  useEffect(() => {
    const controller = new AbortController();
    setState(({ value }) => ({ value, loading: true }));
    load(controller.signal).then(
      (value) => controller.signal.aborted || setState({ value, loading: false }),
      (error: unknown) => {
        if (controller.signal.aborted) return;
        const known = error instanceof ApiError ? error : new ApiError(0, 'The response could not be read.');
        setState(({ value }) => ({ value, error: known, loading: false }));
      },
    );
    return () => controller.abort();
  }, [...inputs, attempt]);

  return { ...state, reload: useCallback(() => setAttempt((n) => n + 1), []) };
}
