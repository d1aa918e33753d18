import { catalogue as standard } from '../../catalogue/metrics.ts';
import type { MetricSpec } from '../../catalogue/types.ts';
import { labelName, unitName } from './naming.ts';

/** How the catalogue says that a series is an OpenTelemetry instrument. */
const marker = 'OpenTelemetry: ';

/** An instrument that is a series of the catalogue. */
export interface Route {
  metric: string;
  type: MetricSpec['type'];
  /** What the instrument's unit must be for the values to be the series' own, e.g. `seconds`. */
  unit: string;
  labels: ReadonlySet<string>;
}

/** The catalogue's series that come from OpenTelemetry, by the name of their instrument. */
export function routesOf(specs: Readonly<Record<string, MetricSpec>> = standard): ReadonlyMap<string, Route> {
  return new Map(
    Object.entries(specs)
      .filter(([, { source }]) => source.startsWith(marker))
      .map(([metric, { source, type, unit, labels }]) => [
        source.slice(marker.length),
        { metric, type, unit, labels: new Set(Object.keys(labels)) },
      ]),
  );
}

/** Whether an instrument of this kind and unit measures what the series of the route does. */
export const fits = (route: Route, type: Route['type'], unit: string | undefined): boolean =>
  route.type === type && unitName(unit) === route.unit;

/** The attributes that are labels of the series; all others (room, job, …) stay behind. */
export function labelsOf(
  { labels }: Route,
  attributes: Readonly<Record<string, unknown>> = {},
): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [attribute, value] of Object.entries(attributes)) {
    const label = labelName(attribute);
    if (value !== undefined && labels.has(label)) kept[label] = String(value);
  }
  return kept;
}
