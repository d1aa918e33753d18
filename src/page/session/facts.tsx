import type { Detail } from '../api.ts';
import { formatCost, formatDuration, formatLatency, formatMoment, formatTime } from '../formats.ts';

/** A figure with its name below a session's title. */
interface Fact {
  name: string;
  value: string;
  title?: string;
  bad?: boolean;
}

/** Why there may be no latency. */
const unmeasured = 'No turn has a latency; the SDK measures none of realtime models';

function factsOf(detail: Detail): Fact[] {
  const { turns, latencyP50, latencyP95, interruptions, toolCalls, toolErrors, cost } = detail;
  const sdk = [
    detail.language === 'python' ? 'Python' : detail.language === 'nodejs' ? 'Node.js' : undefined,
  ];
  const costs = Object.entries(detail.costByComponent ?? {}).map(
    ([name, usd]) => `${name} ${formatCost(usd)}`,
  );
  const facts: (Fact | undefined)[] = [
    { name: 'Started', value: formatTime(detail.start), title: formatMoment(detail.start) },
    { name: 'Length', value: formatDuration(detail.duration) },
    { name: 'Turns', value: String(turns) },
    {
      name: 'Latency p50',
      value: formatLatency(latencyP50),
      title: latencyP50 === undefined ? unmeasured : undefined,
    },
    {
      name: 'p95',
      value: formatLatency(latencyP95),
      title: latencyP95 === undefined ? unmeasured : undefined,
    },
    { name: 'Interruptions', value: String(interruptions) },
    {
      name: 'Tools',
      value: toolErrors > 0 ? `${toolCalls}, ${toolErrors} failed` : String(toolCalls),
      bad: toolErrors > 0,
    },
    {
      name: 'Cost',
      value: `${formatCost(cost)}${detail.costIncomplete && cost !== undefined ? ' +' : ''}`,
      title: [...costs, detail.costIncomplete && 'some usage has no known price'].filter(Boolean).join(', '),
    },
    detail.version === undefined ? undefined : { name: 'Version', value: detail.version },
    { name: 'SDK', value: [...sdk, detail.sdkVersion].filter(Boolean).join(' ') || '–' },
    detail.outcome === undefined ? undefined : { name: 'Outcome', value: detail.outcome },
    detail.roomName === undefined ? undefined : { name: 'Room', value: detail.roomName },
  ];
  return facts.filter((fact) => fact !== undefined);
}

/** What a session comes to, in figures. */
export function Facts({ detail }: { detail: Detail }) {
  return (
    <dl class="facts">
      {factsOf(detail).map(({ name, value, title, bad }) => (
        <div key={name} title={title || undefined}>
          <dt>{name}</dt>
          <dd class={bad ? 'bad' : undefined}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
