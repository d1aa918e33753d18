import type { ComponentChildren } from 'preact';
import type { ApiError } from './api.ts';

/** A page or a part of it that has nothing to show, and says why. */
export function Notice({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="notice">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** A request that failed, and what helps. */
export function Failure({ what, error, retry }: { what: string; error: ApiError; retry: () => void }) {
  const login = error.status === 401;
  return (
    <div class="notice failure" role="alert">
      <h2>{login ? 'Please log in' : what}</h2>
      <p>{error.message}</p>
      <button type="button" class="button" onClick={login ? () => location.reload() : retry}>
        {login ? 'Log in' : 'Try again'}
      </button>
    </div>
  );
}
