import { useEffect, useMemo } from 'preact/hooks';
import { api } from '../api.ts';
import { Notice } from '../notices.tsx';
import { useShortcuts } from '../shortcuts.tsx';
import { Facts } from './facts.tsx';
import { Heading } from './heading.tsx';
import { useKeys } from './keys.ts';
import { Logs } from './logs.tsx';
import { Missing } from './missing.tsx';
import { useMoves } from './moves.ts';
import { usePlace } from './place-in-address.ts';
import { Playback } from './playback.ts';
import { Player } from './player.tsx';
import { Report } from './report.tsx';
import { type Session, usePeaks } from './session.ts';
import { panelId, SessionTabs } from './session-tabs.tsx';
import { Timeline } from './timeline/timeline.tsx';
import { Transcript } from './transcript/transcript.tsx';
import { Trouble } from './trouble.tsx';

const shortcuts = [
  ['Space', 'Play, or pause'],
  ['j', 'The next turn'],
  ['k', 'The turn before'],
  ['e E', 'The next event, or the one before'],
  ['Left Right', 'Five seconds back or on; with Shift, half a second'],
  ['+ −', 'Zoom in, or out'],
  ['0', 'All of the call'],
  ['1 2 3', 'Transcript, logs, report'],
] as const;

/** All that is shown of a session that is there. */
export function SessionParts({ session, version }: { session: Session; version: number }) {
  const { detail, timeline, transcript } = session;
  const { id, audio, missing } = detail;
  const [place, setPlace] = usePlace();
  const playback = useMemo(() => new Playback(), []);
  useEffect(() => () => playback.close(), [playback]);
  const { peaks, trouble } = usePeaks(id, audio?.bytes);
  const hasAudio = audio !== undefined;
  const offset = timeline.audioOffset ?? 0;
  useEffect(
    () => playback.load(hasAudio ? { url: api.audioUrl(id), offset } : undefined),
    [playback, id, hasAudio, offset, audio?.bytes],
  );
  useShortcuts(shortcuts);

  const moves = useMoves(timeline, playback, place, setPlace);
  useKeys({
    ...moves.keys,
    1: () => setPlace({ tab: 'transcript' }),
    2: () => setPlace({ tab: 'logs' }),
    3: () => setPlace({ tab: 'report' }),
  });

  return (
    <>
      <Heading detail={detail} />
      <Facts detail={detail} />
      {detail.status === 'failed' && (
        <Trouble events={timeline.events} entryFailed={detail.entryFailed} onPoint={moves.point} />
      )}
      <Missing missing={missing} />
      <div class="stage">
        <Player playback={playback} duration={timeline.duration} silent={missing.audio} />
        {trouble !== undefined && <p class="no-waveform quiet">No waveform: {trouble}</p>}
        <Timeline
          timeline={timeline}
          peaks={peaks}
          playback={playback}
          chosen={place.turn}
          onPoint={moves.point}
        />
      </div>
      <SessionTabs tab={place.tab} onTab={(tab) => setPlace({ tab })} />
      <div id={panelId} class="panel" role="tabpanel" aria-labelledby={`tab-${place.tab}`}>
        {place.tab === 'transcript' &&
          (timeline.turns.length > 0 ? (
            <Transcript
              transcript={transcript}
              timeline={timeline}
              playback={playback}
              chosen={place.turn}
              onChoose={moves.play}
            />
          ) : (
            <Notice title={detail.status === 'live' ? 'Nothing was said yet' : 'Nothing was said'}>
              <p class="quiet">{missing.transcript}</p>
            </Notice>
          ))}
        {place.tab === 'logs' && (
          <Logs
            id={id}
            start={timeline.start}
            version={version}
            missing={missing.logs}
            onPoint={moves.point}
          />
        )}
        {place.tab === 'report' && <Report id={id} version={version} missing={missing.report} />}
      </div>
    </>
  );
}
