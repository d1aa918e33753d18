import { createContext, type RefObject } from 'preact';
import { memo } from 'preact/compat';
import { useContext, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { formatClock, formatSpan, latencyClass } from '../../formats.ts';
import { PlayIcon } from '../../icons.tsx';
import { segmentNames, segmentToken, unmeasuredTexts } from '../timeline/scene.ts';
import { Handoff, Instructions, Message, Tool } from './entries.tsx';
import type { Entry, Turn, TurnEntries } from './turns.ts';

/** The margin around the viewport that counts as near. */
const margin = '1500px 0px';

/** Calls `near` once an element is near the viewport; returns a function that unsubscribes. */
export type ObserveNearViewport = (element: Element, near: () => void) => () => void;

/** One observer for all turns of a transcript, since a browser evaluates each observer with each frame. */
export const NearViewport = createContext<ObserveNearViewport | undefined>(undefined);

/** Creates the observer of a transcript, and disconnects it when the component unmounts. */
export function useNearViewportObserver(): ObserveNearViewport {
  const { observe, observer } = useMemo(createNearViewportObserver, []);
  useEffect(() => () => observer.disconnect(), [observer]);
  return observe;
}

function createNearViewportObserver(): { observe: ObserveNearViewport; observer: IntersectionObserver } {
  const waiting = new Map<Element, () => void>();
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) if (isIntersecting) waiting.get(target)?.();
    },
    { rootMargin: margin },
  );
  const observe: ObserveNearViewport = (element, near) => {
    waiting.set(element, near);
    observer.observe(element);
    return () => {
      waiting.delete(element);
      observer.unobserve(element);
    };
  };
  return { observe, observer };
}

/** Whether an element has been near the viewport: from then on, its content is rendered. */
export function useNearViewport(element: RefObject<Element | null>): boolean {
  const observe = useContext(NearViewport);
  const [near, setNear] = useState(false);
  useEffect(() => {
    if (near || !element.current) return;
    return observe?.(element.current, () => setNear(true));
  }, [element, near, observe]);
  return near;
}

export interface WaterfallProps {
  latency: NonNullable<Turn['latency']>;
  /** The seconds of the full width: the same in all turns, so that they can be compared. */
  scale: number;
}

/** The height of a waterfall: its title, and a row for each segment. */
export const waterfallRem = ({ segments }: WaterfallProps['latency']): number =>
  1.5 + 1.125 * segments.length;

/** The latency of a turn by segment: each one begins at the end of the previous one. */
export function Waterfall({ latency: { e2e, segments }, scale }: WaterfallProps) {
  const share = (seconds: number) => `${Math.min(100, (100 * seconds) / scale)}%`;
  let before = 0;
  return (
    <table class="waterfall">
      <caption>
        Waited <strong>{formatSpan(e2e)}</strong>
      </caption>
      <tbody>
        {segments.map(({ segment, seconds }) => {
          const left = share(before);
          before += seconds;
          return (
            <tr key={segment}>
              <th scope="row">{segmentNames[segment]}</th>
              <td class="waterfall-track">
                <span
                  class="waterfall-bar"
                  style={{
                    marginLeft: left,
                    width: share(seconds),
                    background: `var(${segmentToken(segment)})`,
                  }}
                />
              </td>
              <td>{formatSpan(seconds)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

interface TurnBlockProps extends TurnEntries {
  chosen: boolean;
  playing: boolean;
  /** Whether there is a recording. */
  playable: boolean;
  /** See `Waterfall`. */
  scale: number;
  onChoose(turn: number, at: number): void;
}

/** The maximum interval of a double click, in milliseconds. */
const doubleClickMs = 300;

/** The classes of highlighted latencies. */
const latencyTags = { slow: 'tag tag-warn', 'too-slow': 'tag tag-bad' } as const;

function latencyTag(e2e: number): string {
  const found = latencyClass(e2e);
  return found ? latencyTags[found] : 'tag';
}

export const turnElementId = (turn: number): string => `turn-${turn}`;

/** One turn: its messages, tool calls and latency. */
export const TurnBlock = memo(function TurnBlock({
  turn,
  entries,
  chosen,
  playing,
  playable,
  scale,
  onChoose,
}: TurnBlockProps) {
  const { turn: number, start, latency, unmeasured } = turn;
  const name = number === 0 ? 'Opening' : `Turn ${number}`;
  const classes = ['turn', chosen && 'chosen', playing && 'playing'].filter(Boolean).join(' ');
  const play = (at: number) => onChoose(number, at);
  const later = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(later.current), []);
  const onClick = (event: MouseEvent) => {
    clearTimeout(later.current);
    const control = event.target instanceof Element && event.target.closest('button, a, summary, pre');
    if (control || event.detail > 1) return;
    // A user who selects text wants to copy it; and a second click may follow, which selects a word.
    later.current = setTimeout(() => getSelection()?.isCollapsed && play(start), doubleClickMs);
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: its button does the same
    <li
      id={turnElementId(number)}
      class={classes}
      tabIndex={-1}
      aria-current={playing || undefined}
      onClick={onClick}
    >
      <h2 class="turn-head">
        <button
          type="button"
          class="turn-play"
          onClick={() => play(start)}
          aria-label={`${playable ? 'Play' : 'Go to'} ${name.toLowerCase()} ${playable ? 'from' : 'at'} ${formatClock(start)}`}
        >
          {playable && <PlayIcon />}
          {formatClock(start)}
        </button>
        <span class="turn-name">{name}</span>
        {latency && (
          <span class={latencyTag(latency.e2e)} title="From the end of the user's speech to the agent's">
            {formatSpan(latency.e2e)}
          </span>
        )}
        {playing && <span class="turn-now">playing</span>}
      </h2>
      <div class="turn-entries">
        {entries.map((entry) => (
          <EntryBlock key={entry.key} entry={entry} onPlay={play} />
        ))}
      </div>
      {latency && <NearWaterfall latency={latency} scale={scale} />}
      {unmeasured && <p class="waterfall-place unmeasured">{unmeasuredTexts[unmeasured]}</p>}
    </li>
  );
});

/**
 * A waterfall is rendered once it is near the viewport: a call of two hours has a thousand of them. A placeholder has its
 * height until then.
 */
function NearWaterfall(props: WaterfallProps) {
  const place = useRef<HTMLDivElement>(null);
  const near = useNearViewport(place);
  return (
    <div ref={place} class="waterfall-place" style={{ minHeight: `${waterfallRem(props.latency)}rem` }}>
      {near && <Waterfall {...props} />}
    </div>
  );
}

function EntryBlock({ entry, onPlay }: { entry: Entry; onPlay(at: number): void }) {
  switch (entry.of) {
    case 'message':
      return <Message entry={entry} onPlay={onPlay} />;
    case 'tool':
      return <Tool entry={entry} onPlay={onPlay} />;
    case 'handoff':
      return <Handoff entry={entry} onPlay={onPlay} />;
    default:
      return <Instructions entry={entry} onPlay={onPlay} />;
  }
}
