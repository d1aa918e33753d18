import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Peaks, Timeline as TimelineData } from '../../api.ts';
import { formatClock, formatCount } from '../../formats.ts';
import { isPageShortcut } from '../../shortcuts.tsx';
import { type Playback, usePlayback } from '../playback.ts';
import { clamped, reveal, type Window, wholeOf, zoomed } from './axis.ts';
import { useGestures } from './gestures.ts';
import { eventText, type Hit, hitAt } from './hits.ts';
import { momentAt, type Painting, paint, scaleOf, useColours, useLoadedFonts } from './painter.ts';
import { axisHeight, drawingHeight, lanes, type Scene, sceneOf } from './scene.ts';

type Event = Scene['events'][number];

/** The name and shape of each kind, as drawn by painter.ts. */
const eventShapes: Readonly<Record<Event['kind'], readonly [name: string, path: string]>> = {
  interruption: ['interruption', 'M8 3.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 1 1 0-9'],
  handoff: ['handoff', 'M4 3L13 8L4 13'],
  error: ['error', 'M8 2L14 13H2'],
  blocked: ['event loop blocked', 'M6.5 1h3v14h-3'],
  closed: ['closed', 'M4 4h8v8H4'],
};
const kinds = Object.keys(eventShapes) as Event['kind'][];

/** Seconds around the position in which events are described: an address contains a rounded position. */
const tolerance = 0.06;

interface EventLegendProps {
  events: readonly Event[];
  /** Seconds on the axis. */
  position: number;
}

/** The legend of the event kinds that occur, and a description of the events at the position. */
export function EventLegend({ events, position }: EventLegendProps) {
  if (events.length === 0) return null;
  const present = new Set(events.map(({ kind }) => kind));
  const current = events.filter(({ at }) => Math.abs(at - position) < tolerance);
  return (
    <div class="event-legend">
      <ul aria-label="Events">
        {kinds
          .filter((kind) => present.has(kind))
          .map((kind) => (
            <li key={kind}>
              <svg class={`event-${kind}`} viewBox="0 0 16 16" aria-hidden="true">
                <path d={eventShapes[kind][1]} />
              </svg>
              {eventShapes[kind][0]}
            </li>
          ))}
      </ul>
      <span role="status">{current.map(eventText).join('; ')}</span>
    </div>
  );
}

interface ExtentProps {
  window: Window;
  duration: number;
  /** Moves the window so that it begins at a moment. */
  move(from: number): void;
}

/**
 * The visible part of the axis: a bar to drag, as a scroll bar. Keys move the position instead, which the window follows.
 */
export function Extent({ window: { from, to }, duration, move }: ExtentProps) {
  const track = useRef<HTMLDivElement>(null);
  const whole = wholeOf(duration).to;
  const share = (seconds: number) => `${(100 * seconds) / whole}%`;
  const follow = (event: PointerEvent) => {
    event.stopPropagation();
    const box = track.current?.getBoundingClientRect();
    if (!box || event.buttons === 0) return;
    track.current?.setPointerCapture(event.pointerId);
    move(((event.clientX - box.left) / box.width) * whole - (to - from) / 2);
  };
  return (
    <div
      ref={track}
      class="extent"
      role="presentation"
      onPointerDown={follow}
      onPointerMove={follow}
      onPointerUp={(event) => event.stopPropagation()}
    >
      <div class="extent-seen" style={{ left: share(from), width: share(to - from) }} />
    </div>
  );
}

interface ZoomButtonsProps {
  /** Whether the whole axis is visible. */
  whole: boolean;
  zoomIn(): void;
  zoomOut(): void;
  fit(): void;
}

/** The zoom buttons; the keys +, − and 0 do the same. */
export function ZoomButtons({ whole, zoomIn, zoomOut, fit }: ZoomButtonsProps) {
  useEffect(() => {
    const steps: Readonly<Record<string, () => void>> = { '+': zoomIn, '=': zoomIn, '-': zoomOut, 0: fit };
    const onKeyDown = (event: KeyboardEvent) => {
      const step = isPageShortcut(event) && Object.hasOwn(steps, event.key) ? steps[event.key] : undefined;
      if (!step) return;
      event.preventDefault();
      step();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  });
  return (
    <div class="timeline-zoom">
      <button type="button" class="icon-button" aria-label="Zoom in" title="Zoom in (+)" onClick={zoomIn}>
        +
      </button>
      <button
        type="button"
        class="icon-button"
        aria-label="Zoom out"
        title="Zoom out (−)"
        disabled={whole}
        onClick={zoomOut}
      >
        −
      </button>
      <button type="button" class="button" title="Show the whole call (0)" disabled={whole} onClick={fit}>
        All
      </button>
    </div>
  );
}

interface TimelineProps {
  timeline: TimelineData;
  peaks?: Peaks;
  playback: Playback;
  /** The selected turn. */
  chosen?: number;
  /** Called on a click at a moment, with the turn if present is one. */
  onPoint(at: number, turn: number | undefined): void;
}

const isPlaying = ({ playing }: Playback): boolean => playing;
const wholeSecond = ({ position }: Playback): number => Math.round(position);

/** A session on one axis: speech, thinking, tools, the caller's waiting times, and the recording. */
export function Timeline({ timeline, peaks, playback, chosen, onPoint }: TimelineProps) {
  const surface = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const head = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [hover, setHover] = useState<Hit & { x: number; y: number }>();
  const colours = useColours();
  const scene = useMemo(() => sceneOf(timeline, peaks), [timeline, peaks]);
  const { duration } = scene;
  const [chosenWindow, setWindow] = useState<Window>();
  // Without a selected window the whole axis is visible, also while it grows.
  const window = chosenWindow ? clamped(chosenWindow, duration) : wholeOf(duration);
  const playing = usePlayback(playback, isPlaying);
  const second = usePlayback(playback, wholeSecond);

  useLayoutEffect(() => {
    const target = surface.current;
    if (!target) return;
    const measure = () => setWidth(target.clientWidth);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(target);
    return () => observer.disconnect();
  }, []);

  const fonts = useLoadedFonts();
  const painting: Painting = { scene, window, width, colours, chosen, font: fontOf(surface.current) };
  const latest = useRef(painting);
  latest.current = painting;

  useLayoutEffect(() => {
    const target = canvas.current;
    const context = target?.getContext('2d');
    if (!target || !context || width === 0) return;
    const ratio = devicePixelRatio || 1;
    if (target.width !== Math.round(width * ratio)) {
      target.width = Math.round(width * ratio);
      target.height = Math.round(drawingHeight * ratio);
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    paint(context, painting);
  }, [scene, window.from, window.to, width, colours, chosen, fonts]);

  const showWindow = (next: Window) => {
    // More events may arrive before the next render.
    latest.current = { ...latest.current, window: next };
    setWindow(next.to - next.from >= wholeOf(duration).to ? undefined : next);
  };

  // The playhead moves with each frame, without a new drawing of anything else.
  useEffect(() => {
    const place = () => {
      const x = scaleOf(latest.current)(playback.position);
      if (!head.current) return;
      head.current.style.transform = `translateX(${x}px)`;
      head.current.style.visibility = x < 0 || x > latest.current.width ? 'hidden' : 'visible';
    };
    let before = playback.position;
    const follow = () => {
      const { position } = playback;
      const now = latest.current;
      const followed = position === before ? now.window : reveal(now.window, position, now.scene.duration);
      before = position;
      if (followed !== now.window) showWindow(followed);
      place();
    };
    place();
    return playback.subscribe(follow);
  }, [playback, window.from, window.to, width]);

  const zoom = (factor: number, at: number) =>
    showWindow(zoomed(latest.current.window, factor, at, duration));
  const at = (x: number) => momentAt(x, latest.current);
  const hit = (x: number, y: number) => hitAt(scene, latest.current.window, at(x), y, at(x + 3) - at(x));

  useGestures(surface, {
    press: (x, y) => onPoint(Math.min(at(x), duration), hit(x, y)?.turn),
    hover: (point) => {
      const found = point && hit(point.x, point.y);
      setHover(found && point ? { ...found, ...point } : undefined);
    },
    pan: (pixels) => {
      const { window: now, width: across } = latest.current;
      const by = (pixels / Math.max(1, across)) * (now.to - now.from);
      showWindow(clamped({ from: now.from + by, to: now.to + by }, duration));
    },
    zoom: (factor, x) => zoom(factor, at(x)),
  });

  const { position } = playback;
  const middle = position >= window.from && position <= window.to ? position : (window.from + window.to) / 2;
  return (
    <section class="timeline" aria-label="Timeline">
      <div class="timeline-labels" aria-hidden="true">
        {lanes.map(({ name, label, top, height }) => (
          <span key={name} class={`lane-${name}`} style={{ top: `${top}px`, height: `${height}px` }}>
            {label}
          </span>
        ))}
      </div>
      <div
        ref={surface}
        class={chosenWindow ? 'timeline-surface movable' : 'timeline-surface'}
        style={{ height: `${drawingHeight}px` }}
        role="slider"
        tabIndex={0}
        aria-label="Position"
        aria-valuemin={0}
        aria-valuemax={Math.round(duration)}
        aria-valuenow={Math.min(second, Math.round(duration))}
        aria-valuetext={`${formatClock(second)} of ${formatClock(duration)}${playing ? ', playing' : ''}`}
      >
        <canvas ref={canvas} style={{ height: `${drawingHeight}px` }} />
        <div ref={head} class="playhead" style={{ top: `${axisHeight - 8}px` }} />
        {chosenWindow && (
          <Extent
            window={window}
            duration={duration}
            move={(from) => showWindow(clamped({ from, to: from + window.to - window.from }, duration))}
          />
        )}
        {hover && (
          <div
            class={hover.x > width / 2 ? 'timeline-tip left' : 'timeline-tip'}
            style={{ left: `${hover.x}px`, top: `${hover.y > 40 ? hover.y - 34 : hover.y + 16}px` }}
            role="presentation"
          >
            {hover.text}
          </div>
        )}
      </div>
      <EventLegend events={scene.events} position={position} />
      {timeline.omitted > 0 && (
        <p class="quiet timeline-omitted">{formatCount(timeline.omitted)} bars and events are not shown.</p>
      )}
      <ZoomButtons
        whole={!chosenWindow}
        zoomIn={() => zoom(0.5, middle)}
        zoomOut={() => zoom(2, middle)}
        fit={() => setWindow(undefined)}
      />
    </section>
  );
}

const fontOf = (element: HTMLElement | null): string =>
  `11px ${element ? getComputedStyle(element).fontFamily : 'sans-serif'}`;
