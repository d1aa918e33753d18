import type { Family, Point } from './families.ts';

/** OpenMetrics 1.0, or the Prometheus text format 0.0.4. */
export type Format = 'openmetrics' | 'text';

const end = '# EOF\n';

/** The families in either format, without OpenMetrics' final `# EOF`; see {@link append}. */
export const render = (families: readonly Family[], format: Format): string =>
  families.map((family) => `${lines(family, format).join('\n')}\n`).join('');

/** An exposition with further families at its end, which its own must not contain. */
export function append(exposition: string, families: string, format: Format): string {
  const whole = exposition.endsWith(end) ? exposition.slice(0, -end.length) : exposition;
  const separated = whole === '' || whole.endsWith('\n') ? whole : `${whole}\n`;
  return `${separated}${families}${format === 'openmetrics' ? end : ''}`;
}

function lines({ name, type, help, unit, points }: Family, format: Format): string[] {
  const openmetrics = format === 'openmetrics';
  const sample = type === 'counter' ? `${name}_total` : name;
  const family = openmetrics ? name : sample;
  return [
    `# HELP ${family} ${openmetrics ? quoted(help) : escaped(help)}`,
    `# TYPE ${family} ${type}`,
    ...(openmetrics && unit ? [`# UNIT ${family} ${unit}`] : []),
    ...points.flatMap((point) => samples(sample, point)),
  ];
}

function samples(name: string, { labels, value }: Point): string[] {
  if (typeof value === 'number') return [`${name}${labelSet(labels)} ${number(value)}`];
  const { boundaries, counts } = value.buckets;
  let cumulative = 0;
  const buckets = [...boundaries, Number.POSITIVE_INFINITY].map((bound, i) => {
    cumulative += counts[i] ?? 0;
    return `${name}_bucket${labelSet({ ...labels, le: number(bound) })} ${cumulative}`;
  });
  return [
    ...buckets,
    `${name}_sum${labelSet(labels)} ${number(value.sum ?? 0)}`,
    `${name}_count${labelSet(labels)} ${value.count}`,
  ];
}

function labelSet(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${quoted(value.toWellFormed())}"`);
  return pairs.length > 0 ? `{${pairs.join(',')}}` : '';
}

const escaped = (text: string) => text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n');
const quoted = (text: string) => escaped(text).replace(/"/g, '\\"');

function number(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}
