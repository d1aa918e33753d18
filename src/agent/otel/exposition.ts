import {
  escapeHelp,
  escapeLabelValue,
  type Format,
  formatNumber,
  labelPairs,
} from '../../catalogue/exposition-text.ts';
import type { Family, Point } from './families.ts';

const end = '# EOF\n';

/** The families in either format, without OpenMetrics' final `# EOF`; see {@link append}. */
export const render = (families: readonly Family[], format: Format): string =>
  families.map((family) => `${lines(family, format).join('\n')}\n`).join('');

/** An exposition with further families at its end, which its own must not contain. */
export function append(exposition: string, families: string, format: Format): string {
  const whole = exposition.endsWith(end) ? exposition.slice(0, -end.length) : exposition;
  const separated = whole === '' || whole.endsWith('\n') ? whole : `${whole}\n`;
  return `${separated}${families}${format === 'text' ? '' : end}`;
}

function lines({ name, type, help, unit, points }: Family, format: Format): string[] {
  const openmetrics = format !== 'text';
  const sample = type === 'counter' ? `${name}_total` : name;
  const family = openmetrics ? name : sample;
  return [
    `# HELP ${family} ${openmetrics ? escapeLabelValue(help) : escapeHelp(help)}`,
    `# TYPE ${family} ${type}`,
    ...(openmetrics && unit ? [`# UNIT ${family} ${unit}`] : []),
    ...points.flatMap((point) => [
      ...samples(sample, point),
      ...(format === 'openmetrics-created' && point.created !== undefined
        ? [`${name}_created${labelSet(point.labels)} ${formatNumber(point.created)}`]
        : []),
    ]),
  ];
}

function samples(name: string, { labels, value }: Point): string[] {
  if (typeof value === 'number') return [`${name}${labelSet(labels)} ${formatNumber(value)}`];
  const { boundaries, counts } = value.buckets;
  let cumulative = 0;
  const buckets = [...boundaries, Number.POSITIVE_INFINITY].map((bound, i) => {
    cumulative += counts[i] ?? 0;
    return `${name}_bucket${labelSet({ ...labels, le: formatNumber(bound) })} ${cumulative}`;
  });
  return [
    ...buckets,
    `${name}_sum${labelSet(labels)} ${formatNumber(value.sum ?? 0)}`,
    `${name}_count${labelSet(labels)} ${value.count}`,
  ];
}

function labelSet(labels: Readonly<Record<string, string>>): string {
  const pairs = labelPairs(labels);
  return pairs && `{${pairs}}`;
}
