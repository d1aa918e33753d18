import { formatClock } from '../formats.ts';
import { PauseIcon, PlayIcon } from '../icons.tsx';
import { type Playback, rates, usePlayback } from './playback.ts';

interface PlayerProps {
  playback: Playback;
  /** Seconds. */
  duration: number;
  /** Why there is no recording. */
  silent?: string;
}

const second = ({ position }: Playback): number => Math.floor(position);
const state = ({ playing, buffering, error, rate, hasRecording }: Playback): string =>
  JSON.stringify({ playing, buffering, error, rate, hasRecording });

/** Plays the recording, or shows why there is none. */
export function Player({ playback, duration, silent }: PlayerProps) {
  const at = usePlayback(playback, second);
  // Rendered again when any of these values changes.
  usePlayback(playback, state);
  const { playing, buffering, error, rate, hasRecording } = playback;
  const unavailable = error ?? (hasRecording || silent === undefined ? undefined : `No recording. ${silent}`);
  return (
    <div class="player">
      <button
        type="button"
        class="player-button"
        aria-label={playing ? 'Pause' : 'Play'}
        title={`${playing ? 'Pause' : 'Play'} (space)`}
        disabled={!hasRecording || error !== undefined}
        onClick={() => playback.toggle()}
      >
        {playing ? <PauseIcon /> : <PlayIcon />}
      </button>
      <span class="player-clock">
        <strong>{formatClock(at)}</strong> / {formatClock(duration)}
      </span>
      {hasRecording && error === undefined && (
        <label class="player-rate">
          <span class="hidden">Speed</span>
          <select
            class="field"
            value={String(rate)}
            onChange={({ currentTarget }) => playback.setRate(Number(currentTarget.value))}
          >
            {rates.map((each) => (
              <option key={each} value={String(each)}>
                {each}×
              </option>
            ))}
          </select>
        </label>
      )}
      <span class="player-status quiet" role="status">
        {unavailable ?? (buffering ? 'Loading the recording …' : '')}
      </span>
    </div>
  );
}
