import { api, type Summary } from '../api.ts';
import {
  formatCost,
  formatCount,
  formatDay,
  formatDuration,
  formatLatency,
  formatReason,
  formatTime,
  none,
} from '../formats.ts';
import { useLoaded } from '../loaded.ts';
import { Failure, Notice } from '../notices.tsx';
import { useTitle } from '../title.ts';

/** All sessions, the newest first. */
export function ListView() {
  useTitle('Sessions');
  const { value, error, reload } = useLoaded(
    (signal) => api.sessions(new URLSearchParams({ limit: '100' }), signal),
    [],
  );
  return (
    <>
      <h1 class="title">Sessions</h1>
      {error && <Failure what="The sessions could not be read" error={error} retry={reload} />}
      {!value && !error && <Notice title="Loading …" />}
      {value?.total === 0 && <NoSessions />}
      {value && value.total > 0 && (
        <>
          <p class="quiet">
            {formatCount(value.total)} in all
            {value.total > value.sessions.length && `, of which these are the last ${value.sessions.length}`}
          </p>
          <SessionTable sessions={value.sessions} />
        </>
      )}
    </>
  );
}

function NoSessions() {
  return (
    <Notice title="No sessions yet">
      <p>Start your agent with this variable, and it will send its next call here:</p>
      <pre>
        <code>LIVEKIT_OBSERVABILITY_URL={location.origin}</code>
      </pre>
    </Notice>
  );
}

function SessionTable({ sessions }: { sessions: readonly Summary[] }) {
  const now = Date.now() / 1000;
  return (
    <table class="sessions">
      <thead>
        <tr>
          <th scope="col">Agent</th>
          <th scope="col">Version</th>
          <th scope="col">Started</th>
          <th scope="col">Length</th>
          <th scope="col">Turns</th>
          <th scope="col">Latency p50</th>
          <th scope="col">p95</th>
          <th scope="col">Interruptions</th>
          <th scope="col">Tool errors</th>
          <th scope="col">Cost</th>
          <th scope="col">End</th>
        </tr>
      </thead>
      <tbody>
        {sessions.map((session) => (
          <tr key={session.id}>
            <th scope="row">
              <a href={`/sessions/${encodeURIComponent(session.id)}`}>{session.agent ?? session.id}</a>
            </th>
            <td>{session.version ?? none}</td>
            <td>
              {formatDay(session.start, now)} {formatTime(session.start)}
            </td>
            <td>{formatDuration(session.duration)}</td>
            <td>{session.turns}</td>
            <td>{formatLatency(session.latencyP50)}</td>
            <td>{formatLatency(session.latencyP95)}</td>
            <td>{session.interruptions}</td>
            <td>{session.toolErrors}</td>
            <td>{formatCost(session.cost)}</td>
            <td>
              {session.status === 'complete' ? formatReason(session.closeReason ?? none) : session.status}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
