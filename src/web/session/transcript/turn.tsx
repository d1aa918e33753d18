import { memo } from 'preact/compat';
import { useEffect, useRef } from 'preact/hooks';
import { latencyClass } from '../../latency.ts';
import { formatClock, formatSpan } from '../clock.ts';
import { PlayIcon } from '../player-icons.tsx';
import { unmeasuredTexts } from '../timeline/lanes.ts';
import { Handoff, Instructions, Message, Tool } from './entries.tsx';
import { useNear } from './near.ts';
import type { Entry, TurnEntries } from './turns.ts';
import { Waterfall, type WaterfallProps, waterfallRem } from './waterfall.tsx';

interface TurnBlockProps extends TurnEntries {
  chosen: boolean;
  playing: boolean;
  /** Whether there is a recording. */
  playable: boolean;
  /** See `Waterfall`. */
  scale: number;
  onChoose(turn: number, at: number): void;
}

/** Within what a click is the second of two, in milliseconds. */
const doubleClickMs = 300;

/** How a latency stands out. */
const paces = { slow: 'tag tag-warn', 'too-slow': 'tag tag-bad' } as const;

function pace(e2e: number): string {
  const found = latencyClass(e2e);
  return found ? paces[found] : 'tag';
}

export const turnElementId = (turn: number): string => `turn-${turn}`;

/** One turn: what was said and done in it, and what the caller waited for. */
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
    // Whoever marks words wants to copy them; and a second click may come, which marks one.
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
          <span class={pace(latency.e2e)} title="From the end of the user's speech to the agent's">
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

/** A waterfall is drawn when it is near: a call of two hours has a thousand of them. Until then, its room is kept. */
function NearWaterfall(props: WaterfallProps) {
  const place = useRef<HTMLDivElement>(null);
  const near = useNear(place);
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
