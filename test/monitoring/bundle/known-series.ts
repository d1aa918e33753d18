import { gateway } from '../../../src/catalogue/gateway.ts';
import { catalogue } from '../../../src/catalogue/metrics.ts';
import { commonLabels, type MetricSpec } from '../../../src/catalogue/types.ts';
import { targetLabels } from '../../../src/monitoring/promql/series.ts';
import { recordingGroups } from '../../../src/monitoring/rules/index.ts';
import type { Settings } from '../../../src/monitoring/settings.ts';
import { livekitServer, nodeProcess, prometheusItself } from './external-series.ts';
import { grouped, selectors } from './promql.ts';

/** Labels of a series, with their values if the catalogue lists them. */
export type KnownLabels = ReadonlyMap<string, readonly string[] | 'open'>;

/** Series of other programs: Prometheus itself, its alerts, and LiveKit's server. */
const externalSeries: Readonly<Record<string, readonly string[]>> = {
  ...prometheusItself,
  ...nodeProcess,
  ...livekitServer,
  ALERTS: ['alertname', 'alertstate', 'severity', 'category', 'agent_name', 'instance'],
  ALERTS_FOR_STATE: ['alertname', 'severity', 'category', 'agent_name', 'instance'],
};

/** All series that an expression may name: those of the catalogue, of recording rules, and some of other programs. */
export function knownSeries(settings: Settings): ReadonlyMap<string, KnownLabels> {
  const known = new Map<string, KnownLabels>();
  for (const [name, { type, labels }] of Object.entries(catalogue)) {
    const own = new Map<string, readonly string[] | 'open'>([
      ...[...commonLabels, ...settings.labels, 'job', 'instance'].map((label) => [label, 'open'] as const),
      ...Object.entries(labels),
    ]);
    const parts = type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
    for (const part of parts)
      known.set(name + part, part === '_bucket' ? new Map(own).set('le', 'open') : own);
  }
  // Metrics of the gateway about itself have target labels and no agent labels.
  for (const [name, { labels }] of Object.entries<MetricSpec>(gateway)) {
    known.set(
      name,
      new Map([...targetLabels.map((label) => [label, 'open'] as const), ...Object.entries(labels)]),
    );
  }
  for (const [name, labels] of Object.entries(externalSeries)) {
    // Rules keep custom labels, so that alerts have them.
    const own = name.startsWith('ALERTS') ? settings.labels : [];
    known.set(name, new Map([...labels, ...own].map((label) => [label, 'open'])));
  }
  for (const { rules } of recordingGroups(settings)) {
    for (const { record, expr, labels } of rules) {
      const inputs = selectors(expr).flatMap(({ name }) => [...(known.get(name) ?? [])]);
      const kept = new Map(inputs.filter(([label]) => grouped(expr).includes(label)));
      const all = grouped(expr).length === 0 ? new Map(inputs) : kept;
      for (const label of Object.keys(labels ?? {})) all.set(label, 'open');
      known.set(record, new Map([...(known.get(record) ?? []), ...all]));
    }
  }
  return known;
}

/** Unknown series, labels and label values of an expression. */
export function unknown(expr: string, known: ReadonlyMap<string, KnownLabels>): string[] {
  return selectors(expr).flatMap(({ name, matchers }) => {
    if (name === '') return [];
    const labels = known.get(name);
    if (!labels) return [`unknown series ${name}`];
    return matchers.flatMap(({ label, operator, value }) => {
      const values = labels.get(label);
      if (values === undefined) return [`${name} has no label ${label}`];
      if (values === 'open' || value.includes('.*')) return [];
      const matches = operator.includes('~')
        ? new RegExp(`^(?:${value})$`)
        : { test: (v: string) => v === value };
      return values.some((v) => matches.test(v)) ? [] : [`${name} never has ${label}${operator}"${value}"`];
    });
  });
}
