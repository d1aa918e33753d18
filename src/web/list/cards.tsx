import type { ComponentChildren, RefObject } from 'preact';
import type { Summary } from '../api.ts';
import { formatCount, formatDuration, formatLatency, latencyClass } from '../formats.ts';
import { EndBadge } from '../status.tsx';
import { Agent, Cost, durationOf, Started } from './columns.tsx';
import type { VisibleRowsProps } from './table.tsx';

/** Sessions in a narrow window, as cards. */
export function SessionCards({
  total,
  at,
  visible,
  height,
  body,
  current,
  onCurrent,
  now,
}: VisibleRowsProps) {
  const { first, end } = visible;
  return (
    <ol
      class="cards"
      aria-label="Sessions"
      ref={body as RefObject<HTMLOListElement | null>}
      style={{ paddingTop: `${first * height}px`, paddingBottom: `${(total - end) * height}px` }}
    >
      {Array.from({ length: end - first }, (_, n) => first + n).map((index) => {
        const session = at(index);
        return (
          <li key={index} class="card-place" aria-setsize={total} aria-posinset={index + 1}>
            {session ? (
              <Card session={session} now={now} isCurrent={current === session.id} onCurrent={onCurrent} />
            ) : (
              <span class="card">
                <span class="skeleton" />
              </span>
            )}
          </li>
        );
      })}
    </ol>
  );
}

interface CardProps {
  session: Summary;
  now: number;
  isCurrent: boolean;
  onCurrent: (id: string) => void;
}

function Card({ session, now, isCurrent, onCurrent }: CardProps) {
  const { id, turns, realtime, latencyP95, interruptions, toolErrors, cost, costIncomplete } = session;
  return (
    <a
      class={isCurrent ? 'card row-current' : 'card'}
      href={`/sessions/${encodeURIComponent(id)}`}
      data-session={id}
      onFocus={() => onCurrent(id)}
    >
      <span class="card-line">
        <span class="card-agent">
          <Agent session={session} />
        </span>
        <EndBadge session={session} />
      </span>
      <span class="card-line quiet">
        <span>
          <Started at={session.start} now={now} /> · {formatDuration(durationOf(session, now))}
        </span>
        {cost !== undefined && <Cost usd={cost} incomplete={costIncomplete} />}
      </span>
      <span class="card-line card-figures">
        <Figure>{plural(turns, 'turn')}</Figure>
        {latencyP95 !== undefined && (
          <Figure tone={latencyClass(latencyP95)}>p95 {formatLatency(latencyP95)}</Figure>
        )}
        {latencyP95 === undefined && realtime && <Figure>no latency: realtime model</Figure>}
        {interruptions > 0 && <Figure>{plural(interruptions, 'interruption')}</Figure>}
        {toolErrors > 0 && <Figure tone="failed">{plural(toolErrors, 'tool error')}</Figure>}
      </span>
    </a>
  );
}

const Figure = ({ tone, children }: { tone?: string; children: ComponentChildren }) => (
  <span class={tone}>{children}</span>
);

const plural = (count: number, what: string): string =>
  `${formatCount(count)} ${count === 1 ? what : `${what}s`}`;
