import type { ComponentChildren } from 'preact';
import type { Summary } from '../api.ts';
import {
  formatCost,
  formatCount,
  formatDay,
  formatDuration,
  formatLatency,
  formatTime,
  none,
} from '../formats.ts';
import { EndBadge, endOf } from '../status.tsx';
import {
  Agent,
  Cost,
  Count,
  Cut,
  durationOf,
  Latency,
  LatencyRange,
  RangeScale,
  rangeHint,
  Started,
  unnamed,
} from './cells.tsx';

export interface Column {
  key: string;
  name: string;
  /** What the name stands for, for those who point at it. */
  hint?: string;
  /** By what the API sorts, if it does. */
  sort?: string;
  /** Numbers stand to the right. */
  number?: boolean;
  /** What stands before its name: the scale of what is drawn in it. */
  scale?: () => ComponentChildren;
  cell: (session: Summary, now: number) => ComponentChildren;
  /** What is in the cell, as text: the longest of a column is how wide it is. */
  text: (session: Summary, now: number) => string;
  /** What is below that. */
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
    hint: 'What the user said, by turns',
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
    hint: 'Messages of the agent that were interrupted',
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
    hint: 'US dollars at list prices; +: there was usage that has no known price',
    sort: 'cost',
    number: true,
    cell: ({ cost, costIncomplete }) => <Cost usd={cost} incomplete={costIncomplete} />,
    text: ({ cost, costIncomplete }) => `${formatCost(cost)}${costIncomplete ? '+' : ''}`,
  },
  {
    key: 'end',
    name: 'End',
    hint: 'Why it ended',
    cell: (session) => (
      <Cut>
        <EndBadge session={session} />
      </Cut>
    ),
    text: endOf,
  },
];
