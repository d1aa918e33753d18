import { eventText } from './hits.ts';
import type { Scene } from './lanes.ts';

type Event = Scene['events'][number];

/** Each kind as painter.ts draws it. */
const marks: Readonly<Record<Event['kind'], readonly [name: string, path: string]>> = {
  interruption: ['interruption', 'M8 3.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 1 1 0-9'],
  handoff: ['handoff', 'M4 3L13 8L4 13'],
  error: ['error', 'M8 2L14 13H2'],
  blocked: ['event loop blocked', 'M6.5 1h3v14h-3'],
  closed: ['closed', 'M4 4h8v8H4'],
};
const kinds = Object.keys(marks) as Event['kind'][];

/** Seconds around the position in which an event is told: what an address keeps of a moment is rounded. */
const near = 0.06;

interface EventLegendProps {
  events: readonly Event[];
  /** Seconds on the axis. */
  position: number;
}

/** What the marks of the events stand for, of the kinds that there are; and in words, those at the position. */
export function EventLegend({ events, position }: EventLegendProps) {
  if (events.length === 0) return null;
  const there = new Set(events.map(({ kind }) => kind));
  const here = events.filter(({ at }) => Math.abs(at - position) < near);
  return (
    <div class="event-legend">
      <ul aria-label="Events">
        {kinds
          .filter((kind) => there.has(kind))
          .map((kind) => (
            <li key={kind}>
              <svg class={`event-${kind}`} viewBox="0 0 16 16" aria-hidden="true">
                <path d={marks[kind][1]} />
              </svg>
              {marks[kind][0]}
            </li>
          ))}
      </ul>
      <span role="status">{here.map(eventText).join('; ')}</span>
    </div>
  );
}
