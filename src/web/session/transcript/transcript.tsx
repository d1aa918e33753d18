import { useCallback, useEffect, useMemo, useRef } from 'preact/hooks';
import type { Timeline, Transcript as TranscriptData } from '../../api.ts';
import { type Playback, usePlayback } from '../playback.ts';
import { NearViewport, TurnBlock, turnElementId, useNearViewportObserver } from './turn.tsx';
import { entriesOf, type TurnEntries, turnAt } from './turns.ts';

interface TranscriptProps {
  transcript: TranscriptData;
  timeline: Timeline;
  playback: Playback;
  chosen?: number;
  /** Called to play a turn from a moment on the axis. */
  onChoose(turn: number, at: number): void;
}

/** Seconds after a scroll by the user before the current turn is scrolled into view again. */
const scrollPauseSeconds = 8;

const hasRecording = (playback: Playback): boolean => playback.hasRecording;

/**
 * The conversation, turn by turn. A browser lays out only turns near the viewport (`content-visibility`), but its search
 * finds the text of all messages. Arguments and results of a tool are found once its entry is open.
 */
export function Transcript({ transcript, timeline, playback, chosen, onChoose }: TranscriptProps) {
  const turns = useStable(useMemo(() => entriesOf(transcript, timeline), [transcript, timeline]));
  const playing = usePlayback(
    playback,
    useCallback(
      ({ playing: plays, position }: Playback) =>
        plays ? turnAt(timeline.turns, position)?.turn : undefined,
      [timeline],
    ),
  );
  const playable = usePlayback(playback, hasRecording);
  useFollowing(playing);
  const scale = useMemo(
    () => Math.max(1, ...timeline.turns.map(({ latency }) => latency?.e2e ?? 0)),
    [timeline],
  );
  const latest = useRef(onChoose);
  latest.current = onChoose;
  const near = useNearViewportObserver();
  const choose = useCallback((turn: number, at: number) => latest.current(turn, at), []);

  return (
    <NearViewport.Provider value={near}>
      <ol class="turns">
        {turns.map(({ turn, entries }) => (
          <TurnBlock
            key={turn.turn}
            turn={turn}
            entries={entries}
            chosen={turn.turn === chosen}
            playing={turn.turn === playing}
            playable={playable}
            scale={scale}
            onChoose={choose}
          />
        ))}
      </ol>
    </NearViewport.Provider>
  );
}

/** The turns. Unchanged turns keep their object identity, so that only changed ones are rendered again. */
function useStable(turns: TurnEntries[]): TurnEntries[] {
  const before = useRef(new Map<number, { text: string; entries: TurnEntries }>());
  return useMemo(() => {
    const known = before.current;
    before.current = new Map();
    return turns.map((entries) => {
      const text = JSON.stringify(entries);
      const old = known.get(entries.turn.turn);
      const kept = old?.text === text ? old.entries : entries;
      before.current.set(entries.turn.turn, { text, entries: kept });
      return kept;
    });
  }, [turns]);
}

/** Keeps the turn that plays in view, unless the user has just scrolled. */
function useFollowing(playing: number | undefined): void {
  const scrolled = useRef(Number.NEGATIVE_INFINITY);
  useEffect(() => {
    const note = () => {
      scrolled.current = performance.now();
    };
    addEventListener('wheel', note, { passive: true });
    addEventListener('touchmove', note, { passive: true });
    return () => {
      removeEventListener('wheel', note);
      removeEventListener('touchmove', note);
    };
  }, []);
  useEffect(() => {
    if (playing === undefined || performance.now() - scrolled.current < scrollPauseSeconds * 1000) return;
    document.getElementById(turnElementId(playing))?.scrollIntoView({ block: 'nearest' });
  }, [playing]);
}
