import { type Inputs, useCallback, useEffect, useState } from 'preact/hooks';
import { ApiError } from './api.ts';

/** What was asked for, as far as it is there. What was there stays while it is asked for again. */
export interface Loaded<T> {
  value?: T;
  error?: ApiError;
  loading: boolean;
  /** Asks again. */
  reload(): void;
}

/** Asks for something whenever `inputs` change; an answer that comes after that is let go. */
export function useLoaded<T>(load: (signal: AbortSignal) => Promise<T>, inputs: Inputs): Loaded<T> {
  const [state, setState] = useState<Omit<Loaded<T>, 'reload'>>({ loading: true });
  const [attempt, setAttempt] = useState(0);

  useEffect(() => {
    const controller = new AbortController();
    setState(({ value }) => ({ value, loading: true }));
    load(controller.signal).then(
      (value) => controller.signal.aborted || setState({ value, loading: false }),
      (error: unknown) => {
        if (controller.signal.aborted) return;
        const known = error instanceof ApiError ? error : new ApiError(0, 'The answer could not be read.');
        setState(({ value }) => ({ value, error: known, loading: false }));
      },
    );
    return () => controller.abort();
  }, [...inputs, attempt]);

  return { ...state, reload: useCallback(() => setAttempt((n) => n + 1), []) };
}
