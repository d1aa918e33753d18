import type { ComponentChildren } from 'preact';
import type { Summary } from '../api.ts';
import {
  formatCost,
  formatCount,
  formatDay,
  formatDuration,
  formatLatency,
  formatMoment,
  formatTime,
  latencyClass,
  latencyLimits,
  none,
} from '../formats.ts';
import { LockIcon, SoundIcon } from '../icons.tsx';
import { EndBadge, endOf } from '../status.tsx';

export function Latency({ seconds }: { seconds: number | undefined }) {
  const found = latencyClass(seconds);
  if (!found) return <span>{formatLatency(seconds)}</span>;
  return (
    <span class={found} title={`Above ${formatLatency(latencyLimits[found])}`}>
      {formatLatency(seconds)}
    </span>
  );
}

/** The marker and the end of the scale of `LatencyRange`, in seconds: the objectives. */
const { slow: mark, 'too-slow': full } = latencyLimits;

/** The description of `LatencyRange`. */
export const rangeHint = `The bar spans p50 to p95 on a scale from 0 to ${full} s; the marker is at ${mark} s`;

/** The scale of `LatencyRange`, above it. */
export const RangeScale = () => (
  <span class="range-figures" aria-hidden="true">
    <span>0</span>
    <span class="range-mark" style={{ left: `${(100 * mark) / full}%` }}>
      {mark}
    </span>
    <span>{full} s</span>
  </span>
);

/** From the median to the 95th percentile. */
export function LatencyRange({ p50, p95 }: { p50: number | undefined; p95: number | undefined }) {
  if (p50 === undefined || p95 === undefined) return null;
  const share = (seconds: number) => Math.min(1, seconds / full) * 100;
  const least = 3;
  const left = Math.min(share(p50), 100 - least);
  return (
    <svg
      class={`range ${latencyClass(p95) ?? ''}`}
      viewBox="0 0 100 8"
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <rect class="range-scale" y="3" width="100" height="2" />
      <rect class="range-limit" x={share(mark)} width="1.5" height="8" />
      <rect class="range-found" x={left} y="1.5" width={Math.max(least, share(p95) - left)} height="5" />
    </svg>
  );
}

/** A count; 0 is dimmed. */
export const Count = ({ count, tone, title }: { count: number; tone?: string; title?: string }) => (
  <span class={count === 0 ? 'zero' : tone} title={title}>
    {formatCount(count)}
  </span>
);

/** US dollars; `+`: usage without a known price is excluded. */
export const Cost = ({ usd, incomplete = false }: { usd: number | undefined; incomplete?: boolean }) => (
  <span title={incomplete ? 'Excludes usage without a known price' : undefined}>
    {formatCost(usd)}
    {incomplete && usd !== undefined && '+'}
  </span>
);

/** The duration of a session. That of a live call advances between updates. */
export function durationOf({ status, start, duration }: Summary, now: number): number {
  const since = now - start;
  // A larger difference means that one of the two clocks is wrong.
  return status === 'live' && since > duration && since < duration + 180 ? since : duration;
}

export const unnamed = 'Unnamed agent';

export const Agent = ({ session }: { session: Summary }) => (
  <>
    <span class="agent-name">{session.agent ?? unnamed}</span>
    <span class="agent-room">
      {session.hasAudio && <SoundIcon title="Has a recording" />}
      <span>{session.roomName ?? session.id}</span>
      {session.redacted && (
        <span class="tag" title="Conversation content is not stored">
          <LockIcon />
          redacted
        </span>
      )}
      {session.simulated && <span class="tag">simulated</span>}
    </span>
  </>
);

/** Text that is truncated with an ellipsis. */
export const Cut = ({ title, children }: { title?: string; children: ComponentChildren }) => (
  <span class="cut" title={title}>
    <span>{children}</span>
  </span>
);

export const Started = ({ at, now }: { at: number; now: number }) => (
  <time dateTime={new Date(at * 1000).toISOString()} title={formatMoment(at)}>
    <span class="day">{formatDay(at, now)}</span> {formatTime(at)}
  </time>
);

export interface Column {
  key: string;
  name: string;
  /** The tooltip of the name. */
  hint?: string;
  /** The sort key of the API, if the column can be sorted. */
  sort?: string;
  /** Right-aligned numbers. */
  number?: boolean;
  /** A scale above the name. */
  scale?: () => ComponentChildren;
  cell: (session: Summary, now: number) => ComponentChildren;
  /** The text of the cell: the longest one determines the width of the column. */
  text: (session: Summary, now: number) => string;
  /** The secondary text below. */
  more?: (session: Summary) => string;
}

export const columns: readonly Column[] = [
  {
    key: 'agent',
    name: 'Agent',
    sort: 'agent',
    cell: (session) => <Agent session={session} />,
    text: ({ agent = unnamed }) => agent,
    more: ({ roomName, id }) => roomName ?? id,
  },
  {
    key: 'version',
    name: 'Version',
    hint: 'LIVEKIT_AGENT_DEPLOYMENT',
    cell: ({ version }) => (version === undefined ? none : <Cut title={version}>{version}</Cut>),
    text: ({ version = none }) => version,
  },
  {
    key: 'start',
    name: 'Started',
    sort: 'start',
    cell: ({ start }, now) => <Started at={start} now={now} />,
    text: ({ start }, now) => `${formatDay(start, now)} ${formatTime(start)}`,
  },
  {
    key: 'duration',
    name: 'Length',
    sort: 'duration',
    number: true,
    cell: (session, now) => formatDuration(durationOf(session, now)),
    text: (session, now) => formatDuration(durationOf(session, now)),
  },
  {
    key: 'turns',
    name: 'Turns',
    hint: 'Number of user turns',
    sort: 'turns',
    number: true,
    cell: ({ turns }) => <Count count={turns} />,
    text: ({ turns }) => formatCount(turns),
  },
  {
    key: 'latencyP50',
    name: 'Latency p50',
    hint: 'Median turn latency: from the end of the user’s speech to the beginning of the agent’s',
    sort: 'latencyP50',
    number: true,
    cell: ({ latencyP50 }) => <Latency seconds={latencyP50} />,
    text: ({ latencyP50 }) => formatLatency(latencyP50),
  },
  {
    key: 'latencyP95',
    name: 'Latency p95',
    hint: `95th percentile of the turn latencies. ${rangeHint}`,
    scale: RangeScale,
    sort: 'latencyP95',
    number: true,
    cell: ({ latencyP50, latencyP95, realtime }) => (
      <span class="with-range">
        <LatencyRange p50={latencyP50} p95={latencyP95} />
        {latencyP95 === undefined && realtime ? (
          <span class="zero">realtime</span>
        ) : (
          <Latency seconds={latencyP95} />
        )}
      </span>
    ),
    text: ({ latencyP95 }) => formatLatency(latencyP95),
  },
  {
    key: 'interruptions',
    name: 'Interruptions',
    hint: 'Agent messages that were interrupted',
    sort: 'interruptions',
    number: true,
    cell: ({ interruptions }) => <Count count={interruptions} />,
    text: ({ interruptions }) => formatCount(interruptions),
  },
  {
    key: 'toolErrors',
    name: 'Tool errors',
    sort: 'toolErrors',
    number: true,
    cell: ({ toolErrors, toolCalls }) => (
      <Count count={toolErrors} tone="failed" title={`${toolErrors} of ${toolCalls} tool calls failed`} />
    ),
    text: ({ toolErrors }) => formatCount(toolErrors),
  },
  {
    key: 'cost',
    name: 'Cost',
    hint: 'US dollars at list prices; +: excludes usage without a known price',
    sort: 'cost',
    number: true,
    cell: ({ cost, costIncomplete }) => <Cost usd={cost} incomplete={costIncomplete} />,
    text: ({ cost, costIncomplete }) => `${formatCost(cost)}${costIncomplete ? '+' : ''}`,
  },
  {
    key: 'end',
    name: 'End',
    hint: 'Why the session ended',
    cell: (session) => (
      <Cut>
        <EndBadge session={session} />
      </Cut>
    ),
    text: endOf,
  },
];
