import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Peaks, Timeline as Told } from '../../api.ts';
import { formatCount } from '../../formats.ts';
import { formatClock } from '../clock.ts';
import { type Playback, usePlayback } from '../playback.ts';
import { clamped, revealing, type Window, wholeOf, zoomed } from './axis.ts';
import { useColours } from './colours.ts';
import { EventLegend } from './event-legend.tsx';
import { Extent } from './extent.tsx';
import { useLoadedFonts } from './fonts.ts';
import { useGestures } from './gestures.ts';
import { type Hit, hitAt } from './hits.ts';
import { axisHeight, drawingHeight, lanes, sceneOf } from './lanes.ts';
import { paint } from './painter.ts';
import { momentAt, type Painting, scaleOf } from './painting.ts';
import { ZoomButtons } from './zoom-buttons.tsx';

interface TimelineProps {
  timeline: Told;
  peaks?: Peaks;
  playback: Playback;
  /** The turn that is chosen. */
  chosen?: number;
  /** Somebody pointed at a moment, and at a turn if there was one. */
  onPoint(at: number, turn: number | undefined): void;
}

const isPlaying = ({ playing }: Playback): boolean => playing;
const wholeSecond = ({ position }: Playback): number => Math.round(position);

/** A session on one axis: who spoke, thought and worked when, how long a caller waited, and the recording. */
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
  // As long as nobody has chosen a part, all of it is seen, also while it grows.
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

  const look = (next: Window) => {
    // More may come before it is drawn.
    latest.current = { ...latest.current, window: next };
    setWindow(next.to - next.from >= wholeOf(duration).to ? undefined : next);
  };

  // The playhead moves with each frame: it is placed without drawing anything else.
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
      const followed = position === before ? now.window : revealing(now.window, position, now.scene.duration);
      before = position;
      if (followed !== now.window) look(followed);
      place();
    };
    place();
    return playback.subscribe(follow);
  }, [playback, window.from, window.to, width]);

  const zoom = (factor: number, at: number) => look(zoomed(latest.current.window, factor, at, duration));
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
      look(clamped({ from: now.from + by, to: now.to + by }, duration));
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
            move={(from) => look(clamped({ from, to: from + window.to - window.from }, duration))}
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
        <p class="quiet timeline-omitted">{formatCount(timeline.omitted)} bars and events are left out.</p>
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
