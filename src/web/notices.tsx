import type { ComponentChildren } from 'preact';
import type { ApiError } from './api.ts';

/** A message in place of content. */
export function Notice({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="notice">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

interface FailureProps {
  what: string;
  error: ApiError;
  retry: () => void;
  /** An action that helps more than a retry. */
  help?: { name: string; act: () => void };
  /** Shown beside existing content, not in its place. */
  small?: boolean;
}

/** A failed request, with an action. */
export function Failure({ what, error, retry, help, small }: FailureProps) {
  const login = error.status === 401;
  const { name, act } = login
    ? { name: 'Log in', act: () => location.reload() }
    : (help ?? { name: 'Try again', act: retry });
  return (
    <div class={small ? 'banner' : 'notice'} role="alert">
      <h2>{login ? 'Please log in' : what}</h2>
      <p>{error.message}</p>
      <button type="button" class="button" onClick={act}>
        {name}
      </button>
    </div>
  );
}
