import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A query of a committed board, as Grafana would send it. */
export interface PanelQuery {
  board: string;
  panel: string;
  ref: string;
  expr: string;
  instant: boolean;
  /** Whether it only queries exemplars. */
  exemplars: boolean;
}

interface Panel {
  type: string;
  title: string;
  panels?: Panel[];
  targets?: {
    expr: string;
    refId: string;
    instant?: boolean;
    exemplar?: boolean;
    datasource?: { type?: string };
  }[];
}

const folder = join(import.meta.dirname, '../../dashboards');

/** A time range with Grafana's step: a point for about every two pixels. */
export interface Range {
  start: number;
  end: number;
  step: number;
}

/** A range with the step that Grafana chooses; at least a minute, the minimum interval of the panels. */
export const rangeOf = (start: number, end: number): Range => ({
  start,
  end,
  step: Math.max(60, Math.ceil((end - start) / 800 / 60) * 60),
});

/** Replaces the variables of Grafana, with all filters on All. */
function interpolated(expr: string, { start, end, step }: Range): string {
  // Hidden variables: which recorded series fit the time range, and the filter of workers.
  const [window, seconds] = end - start < 540_000 ? ['5m', '60'] : ['30m', '1800'];
  return expr
    .replaceAll('$__rate_interval', `${step + 15}s`)
    .replaceAll('$__interval', `${step}s`)
    .replaceAll('$__range_s', `${end - start}`)
    .replaceAll('$__range', `${end - start}s`)
    .replaceAll(`\${window:text}`, seconds)
    .replaceAll('$window', window)
    .replaceAll('$level', 'agent')
    .replaceAll(/\$\{?\w+(?::\w+)?\}?/g, '.*');
}

const isMetric = ({ datasource }: { datasource?: { type?: string } }): boolean =>
  datasource?.type === 'prometheus';

/** The Prometheus queries of all boards for a time range. */
export function panelQueries(range: Range, from = folder): PanelQuery[] {
  return readdirSync(from).flatMap((file) => {
    const { panels } = JSON.parse(readFileSync(join(from, file), 'utf8')) as { panels: Panel[] };
    return panels
      .flatMap((panel) => [panel, ...(panel.panels ?? [])])
      .flatMap(({ title, targets = [] }) =>
        targets.filter(isMetric).map(({ expr, refId, instant = false, exemplar = false }) => ({
          board: file.replace('.json', ''),
          panel: title,
          ref: refId,
          expr: interpolated(expr, range),
          instant,
          exemplars: exemplar,
        })),
      );
  });
}
