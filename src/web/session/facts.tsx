import type { Detail } from '../api.ts';
import {
  formatCost,
  formatCount,
  formatDay,
  formatDuration,
  formatLatency,
  formatMoment,
  formatTime,
} from '../formats.ts';
import { latencyClass } from '../latency.ts';

/** A figure with its name below a session's title. */
interface Fact {
  name: string;
  value: string;
  title?: string;
  tone?: 'slow' | 'too-slow' | 'bad';
}

function factsOf(detail: Detail): Fact[] {
  const { turns, latencyP50, latencyP95, interruptions, toolCalls, toolErrors, cost } = detail;
  const sdk = [
    detail.language === 'python' ? 'Python' : detail.language === 'nodejs' ? 'Node.js' : undefined,
  ];
  const costs = Object.entries(detail.costByComponent ?? {}).map(
    ([name, usd]) => `${name} ${formatCost(usd)}`,
  );
  const facts: (Fact | undefined)[] = [
    {
      name: 'Started',
      value: `${formatDay(detail.start, Date.now() / 1000)} ${formatTime(detail.start)}`,
      title: formatMoment(detail.start),
    },
    { name: 'Length', value: formatDuration(detail.duration) },
    { name: 'Turns', value: formatCount(turns) },
    { name: 'Latency p50', value: formatLatency(latencyP50), tone: latencyClass(latencyP50) },
    { name: 'Latency p95', value: formatLatency(latencyP95), tone: latencyClass(latencyP95) },
    { name: 'Interruptions', value: formatCount(interruptions) },
    {
      name: 'Tools',
      value:
        toolErrors > 0
          ? `${formatCount(toolCalls)}, ${formatCount(toolErrors)} failed`
          : formatCount(toolCalls),
      tone: toolErrors > 0 ? 'bad' : undefined,
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
      {factsOf(detail).map(({ name, value, title, tone }) => (
        <div key={name} title={title || undefined}>
          <dt>{name}</dt>
          <dd class={tone}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
