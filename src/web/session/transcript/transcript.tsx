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
  /** Somebody wants to hear a turn, from a moment on the axis. */
  onChoose(turn: number, at: number): void;
}

/** Seconds after which what plays is brought into view again, if somebody scrolled away. */
const scrollPauseSeconds = 8;

const hasRecording = (playback: Playback): boolean => playback.hasRecording;

/**
 * The conversation, turn by turn. A browser lays out what is near only (`content-visibility`), and finds the words of all
 * messages; what a tool took and gave is there to be found once it is open.
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

/** The turns, of which those that are as they were stay the same objects, so that only others are drawn anew. */
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

/** Keeps what plays in view, unless somebody has just scrolled elsewhere. */
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
