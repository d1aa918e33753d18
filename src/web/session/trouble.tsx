import type { Timeline } from '../api.ts';
import { formatClock } from './clock.ts';

/** Errors that are told: the first may have led to the others, the last ended the session. */
const most = 3;

interface TroubleProps {
  events: Timeline['events'];
  /** Whether it was the entry function of the job. */
  entryFailed?: boolean;
  onPoint(at: number): void;
}

/** Why a session failed, as far as spans and logs say. */
export function Trouble({ events, entryFailed, onPoint }: TroubleProps) {
  const errors = events.filter(({ kind }) => kind === 'error').slice(-most);
  return (
    <section class="trouble" aria-label="Why it failed">
      <strong>
        {entryFailed ? 'The entry function of the job threw an error.' : 'An error closed the session.'}
      </strong>{' '}
      {errors.length === 0 && 'Neither its spans nor its logs say which.'}
      {errors.length > 0 && (
        <ul>
          {errors.map(({ at, label }) => (
            <li key={`${at} ${label}`}>
              <button
                type="button"
                class="moment"
                aria-label={`Go to ${formatClock(at)}`}
                onClick={() => onPoint(at)}
              >
                {formatClock(at)}
              </button>{' '}
              {label}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
