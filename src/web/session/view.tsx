import { useEffect, useMemo, useRef } from 'preact/hooks';
import { api } from '../api.ts';
import { useTitle } from '../navigation.ts';
import { Failure, Notice } from '../notices.tsx';
import { useKeys, useShortcuts } from '../shortcuts.tsx';
import { Facts, FailureDetails, Heading, Missing } from './header.tsx';
import { Logs } from './logs.tsx';
import { Playback } from './playback.ts';
import { Player } from './player.tsx';
import { Report } from './report.tsx';
import { useSeek } from './seek.ts';
import { type Session, usePeaks, useSession } from './session.ts';
import { Timeline } from './timeline/timeline.tsx';
import { Transcript } from './transcript/transcript.tsx';
import { type Tab, tabs, useViewState } from './view-state.ts';

const names: Readonly<Record<Tab, string>> = { transcript: 'Transcript', logs: 'Logs', report: 'Report' };

interface TabsProps {
  tab: Tab;
  onTab(tab: Tab): void;
}

export const panelId = 'session-panel';

/** The tabs below the timeline. Arrow keys move between them. */
export function SessionTabs({ tab, onTab }: TabsProps) {
  const list = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const next = tabs[(tabs.indexOf(tab) + by + tabs.length) % tabs.length] ?? tab;
    onTab(next);
    list.current?.querySelector<HTMLElement>(`#tab-${next}`)?.focus();
  };
  return (
    <div ref={list} class="tabs" role="tablist" aria-label="Session views" tabIndex={-1} onKeyDown={move}>
      {tabs.map((each) => (
        <button
          key={each}
          id={`tab-${each}`}
          type="button"
          role="tab"
          class="tab"
          aria-selected={each === tab}
          aria-controls={panelId}
          tabIndex={each === tab ? 0 : -1}
          onClick={() => onTab(each)}
        >
          {names[each]}
        </button>
      ))}
    </div>
  );
}

const shortcuts = [
  ['Space', 'Play or pause'],
  ['j', 'Next turn'],
  ['k', 'Previous turn'],
  ['e E', 'Next or previous event'],
  ['Left Right', 'Seek 5 seconds; with Shift, 0.5 seconds'],
  ['+ −', 'Zoom in or out'],
  ['0', 'Show the whole call'],
  ['1 2 3', 'Transcript, logs, report'],
] as const;

/** The view of a loaded session. */
export function SessionDetails({ session, version }: { session: Session; version: number }) {
  const { detail, timeline, transcript } = session;
  const { id, audio, missing } = detail;
  const [place, setPlace] = useViewState();
  const playback = useMemo(() => new Playback(), []);
  useEffect(() => () => playback.close(), [playback]);
  const { peaks, error: waveformError } = usePeaks(id, audio?.bytes);
  const hasAudio = audio !== undefined;
  const offset = timeline.audioOffset ?? 0;
  useEffect(
    () => playback.load(hasAudio ? { url: api.audioUrl(id), offset } : undefined),
    [playback, id, hasAudio, offset, audio?.bytes],
  );
  useShortcuts(shortcuts);

  const moves = useSeek(timeline, playback, place, setPlace);
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
        <FailureDetails events={timeline.events} entryFailed={detail.entryFailed} onPoint={moves.seekTo} />
      )}
      <Missing missing={missing} />
      <div class="stage">
        <Player playback={playback} duration={timeline.duration} silent={missing.audio} />
        {waveformError !== undefined && <p class="no-waveform quiet">No waveform: {waveformError}</p>}
        <Timeline
          timeline={timeline}
          peaks={peaks}
          playback={playback}
          chosen={place.turn}
          onPoint={moves.seekTo}
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
            onPoint={moves.seekTo}
          />
        )}
        {place.tab === 'report' && <Report id={id} version={version} missing={missing.report} />}
      </div>
    </>
  );
}

/** One session. */
export function SessionView({ id }: { id: string }) {
  const { value, error, reload, version, gone } = useSession(id);
  useTitle(value?.detail.agent ?? 'Session');
  if (gone) return <Gone />;
  if (!value && error?.status === 404) return <Gone />;
  if (!value && error) return <Failure what="The session could not be loaded" error={error} retry={reload} />;
  if (!value) return <Notice title="Loading …" />;
  return (
    <>
      {error && <Failure what="Updates could not be loaded" error={error} retry={reload} small />}
      <SessionDetails session={value} version={version} />
    </>
  );
}

function Gone() {
  return (
    <Notice title="Session not found">
      <p class="quiet">It may have been deleted, or its retention period is over.</p>
      <p>
        <a href="/">All sessions</a>
      </p>
    </Notice>
  );
}
