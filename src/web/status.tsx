import type { Summary } from './api.ts';
import { formatReason } from './formats.ts';

const hints: Readonly<Record<Summary['status'], string>> = {
  live: 'The call is in progress',
  complete: 'The call has ended',
  failed: 'An error closed the session, or the entry function of its job threw',
  lost: 'Neither data nor a report arrived for two minutes: the job died or could not reach the gateway',
};

/** The text of how a session ended. */
export function endOf({ status, closeReason }: Summary): string {
  // The SDK reports `user_initiated` if the entry function threw.
  if (status === 'live' || status === 'failed') return status;
  return formatReason(closeReason ?? status);
}

/** The status of a session, and why it ended. */
export function EndBadge({ session }: { session: Summary }) {
  const { status } = session;
  return (
    <span class={`end end-${status}`} title={hints[status]}>
      <span class="dot" aria-hidden="true" />
      <span class="end-reason">{endOf(session)}</span>
    </span>
  );
}
