import { useEffect } from 'preact/hooks';
import type { Timeline } from '../api.ts';
import type { Playback } from './playback.ts';
import { turnElementId } from './transcript/turn.tsx';
import { turnAt } from './transcript/turns.ts';
import { parseViewState, type ViewState } from './view-state.ts';

/** Navigation within a session. Times are seconds on the axis. */
export interface SeekActions {
  /** Seeks to a moment, and selects its turn or the given one. */
  seekTo(at: number, turn?: number): void;
  /** Plays a turn from a moment. */
  play(turn: number, at: number): void;
  /** The actions of keys. */
  keys: Readonly<Record<string, () => void>>;
}

/** Seconds of an arrow key, without and with Shift. */
const largeStep = 5;
const smallStep = 0.5;

export function useSeek(
  timeline: Timeline,
  playback: Playback,
  place: ViewState,
  setPlace: (change: Partial<ViewState>) => void,
): SeekActions {
  const { turns, duration } = timeline;
  const turnNow = () => turnAt(turns, playback.position)?.turn;

  const go = (turn: number | undefined, at: number, shown: boolean) => {
    playback.seek(at);
    setPlace({ turn, at });
    if (shown && turn !== undefined && place.tab === 'transcript') show(turn);
  };
  const step = (by: number) => {
    // Keys may arrive faster than renders.
    const chosen = parseViewState(new URLSearchParams(location.search)).turn;
    const here = playback.playing ? turnNow() : (chosen ?? turnNow());
    const index = turns.findIndex(({ turn }) => turn === here);
    const next = turns[Math.max(0, Math.min(turns.length - 1, index + by))];
    if (next) go(next.turn, next.start, true);
  };
  const seek = (by: number) => {
    const at = Math.max(0, Math.min(duration, playback.position + by));
    go(turnAt(turns, at)?.turn, at, false);
  };

  const seekEvent = (by: 1 | -1) => {
    const { position } = playback;
    // An address has a resolution of 0.1 s, in which several events may happen.
    const next =
      by > 0
        ? timeline.events.find(({ at }) => at > position + 0.06)
        : timeline.events.findLast(({ at }) => at < position - 0.06);
    if (next) go(next.turn ?? turnAt(turns, next.at)?.turn, next.at, true);
  };

  // Once, to the position of the address.
  useEffect(() => {
    const turn = turns.find((each) => each.turn === place.turn);
    const at = place.at ?? turn?.start;
    if (at !== undefined) playback.seek(Math.min(at, duration));
    if (turn && place.tab === 'transcript') show(turn.turn);
  }, []);

  return {
    seekTo: (at, turn) => go(turn ?? turnAt(turns, at)?.turn, at, true),
    play(turn, at) {
      go(turn, at, false);
      playback.play();
    },
    keys: {
      ' ': () => playback.toggle(),
      j: () => step(1),
      k: () => step(-1),
      e: () => seekEvent(1),
      E: () => seekEvent(-1),
      ArrowLeft: () => seek(-largeStep),
      ArrowRight: () => seek(largeStep),
      'Shift+ArrowLeft': () => seek(-smallStep),
      'Shift+ArrowRight': () => seek(smallStep),
    },
  };
}

/** Scrolls a turn into view and focuses it for screen readers. */
function show(turn: number): void {
  const element = document.getElementById(turnElementId(turn));
  element?.focus({ preventScroll: true });
  element?.scrollIntoView({ block: 'nearest' });
}
