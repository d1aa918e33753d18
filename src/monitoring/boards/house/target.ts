import type * as cog from '@grafana/grafana-foundation-sdk/cog';
import { DataqueryBuilder as LokiQuery, QueryEditorMode } from '@grafana/grafana-foundation-sdk/loki';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { SearchTableType, DataqueryBuilder as TempoQuery } from '@grafana/grafana-foundation-sdk/tempo';

/** The data sources that the reader has chosen, by what is asked of them. */
const datasources = {
  metrics: { type: 'prometheus', uid: '${datasource}' },
  logs: { type: 'loki', uid: '${logs}' },
  traces: { type: 'tempo', uid: '${traces}' },
} as const;

export type Source = keyof typeof datasources;

export const datasource = datasources.metrics;
export const datasourceOf = (targets: readonly Target[]) => datasources[targets[0]?.from ?? 'metrics'];

/** A query of a panel. */
export interface Target {
  /** PromQL; of logs LogQL, of traces TraceQL, or the id of a trace. */
  expr: string;
  /** @default metrics */
  from?: Source;
  /** Name of its line; `{{label}}` is replaced. */
  legend?: string;
  /** `instant`: one value for the whole range; `heatmap`: buckets. @default lines over time */
  as?: 'instant' | 'table' | 'heatmap';
  /** Its letter, for overrides. @default A, B, C … in their order */
  ref?: string;
  /** Whether only the exemplars of its series are meant; it draws no line. */
  exemplars?: true;
}

/** @param index the target's place in its panel */
export function query(target: Target, index: number): cog.Builder<cog.Dataquery> {
  const { expr, legend, as, ref = String.fromCharCode(65 + index), exemplars, from } = target;
  if (from === 'logs') {
    const logs = new LokiQuery().datasource(datasources.logs).refId(ref).expr(expr).maxLines(maxLines);
    return logs.editorMode(QueryEditorMode.Code).queryType(as === 'instant' ? 'instant' : 'range');
  }
  if (from === 'traces') {
    const traces = new TempoQuery()
      .datasource(datasources.traces)
      .refId(ref)
      .query(expr)
      .queryType('traceql');
    return traces.limit(maxTraces).tableType(SearchTableType.Traces);
  }
  const builder = new DataqueryBuilder().datasource(datasource).refId(ref).expr(expr);
  if (legend !== undefined) builder.legendFormat(legend);
  if (exemplars) builder.exemplar(true);
  if (as === 'table') builder.format(PromQueryFormat.Table);
  if (as === 'heatmap') builder.format(PromQueryFormat.Heatmap);
  return as === 'instant' || as === 'table' ? builder.instant() : builder.range();
}

/** What a panel shows of lines and traces, at most. */
const maxLines = 1000;
const maxTraces = 50;
