import type { ComponentChildren } from 'preact';
import type { Summary } from '../api.ts';
import { formatDuration, none } from '../formats.ts';
import { EndBadge } from '../status.tsx';
import {
  Agent,
  Cost,
  Count,
  durationOf,
  Latency,
  LatencyRange,
  RangeScale,
  rangeHint,
  Started,
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
}

export const columns: readonly Column[] = [
  {
    key: 'agent',
    name: 'Agent',
    sort: 'agent',
    cell: (session) => <Agent session={session} />,
  },
  {
    key: 'version',
    name: 'Version',
    hint: 'LIVEKIT_AGENT_DEPLOYMENT',
    cell: ({ version }) => (version === undefined ? none : <span title={version}>{version}</span>),
  },
  {
    key: 'start',
    name: 'Started',
    sort: 'start',
    cell: ({ start }, now) => <Started at={start} now={now} />,
  },
  {
    key: 'duration',
    name: 'Length',
    sort: 'duration',
    number: true,
    cell: (session, now) => formatDuration(durationOf(session, now)),
  },
  {
    key: 'turns',
    name: 'Turns',
    hint: 'What the user said, by turns',
    sort: 'turns',
    number: true,
    cell: ({ turns }) => <Count count={turns} />,
  },
  {
    key: 'latencyP50',
    name: 'Latency p50',
    hint: 'Median turn latency: from the end of the user’s speech to the beginning of the agent’s',
    sort: 'latencyP50',
    number: true,
    cell: ({ latencyP50 }) => <Latency seconds={latencyP50} />,
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
  },
  {
    key: 'interruptions',
    name: 'Interruptions',
    hint: 'Messages of the agent that were interrupted',
    sort: 'interruptions',
    number: true,
    cell: ({ interruptions }) => <Count count={interruptions} />,
  },
  {
    key: 'toolErrors',
    name: 'Tool errors',
    sort: 'toolErrors',
    number: true,
    cell: ({ toolErrors, toolCalls }) => (
      <Count count={toolErrors} tone="failed" title={`${toolErrors} of ${toolCalls} tool calls failed`} />
    ),
  },
  {
    key: 'cost',
    name: 'Cost',
    hint: 'US dollars at list prices; +: there was usage that has no known price',
    sort: 'cost',
    number: true,
    cell: ({ cost, costIncomplete }) => <Cost usd={cost} incomplete={costIncomplete} />,
  },
  { key: 'end', name: 'End', hint: 'Why it ended', cell: (session) => <EndBadge session={session} /> },
];
