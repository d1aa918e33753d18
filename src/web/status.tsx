import type { Summary } from './api.ts';
import { formatReason } from './formats.ts';

const hints: Readonly<Record<Summary['status'], string>> = {
  live: 'The call is in progress',
  complete: 'The call has ended',
  failed: 'An error closed the session, or the entry function of its job threw',
  lost: 'Neither data nor a report arrived for two minutes: the job died or could not reach the gateway',
};

/** What is said of how a session ended. */
export function endOf({ status, closeReason }: Summary): string {
  // Of an entry function that threw, the SDK says `user_initiated`.
  if (status === 'live' || status === 'failed') return status;
  return formatReason(closeReason ?? status);
}

/** Where a session is, and why it ended. */
export function EndBadge({ session }: { session: Summary }) {
  const { status } = session;
  return (
    <span class={`end end-${status}`} title={hints[status]}>
      <span class="dot" aria-hidden="true" />
      <span class="end-reason">{endOf(session)}</span>
    </span>
  );
}
