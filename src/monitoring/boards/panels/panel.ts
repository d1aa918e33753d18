import type * as cog from '@grafana/grafana-foundation-sdk/cog';
import type { DashboardLinkBuilder, Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder as LokiQuery, QueryEditorMode } from '@grafana/grafana-foundation-sdk/loki';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { SearchTableType, DataqueryBuilder as TempoQuery } from '@grafana/grafana-foundation-sdk/tempo';
import { PanelBuilder as TextBuilder, TextMode } from '@grafana/grafana-foundation-sdk/text';
import { maxPoints } from '../../promql/recorded-series.ts';
import { type BoardName, boardTitles, linkTo } from './links.ts';

/** The data sources that the reader has chosen, by what is asked of them. */
const datasources = {
  metrics: { type: 'prometheus', uid: '${datasource}' },
  logs: { type: 'loki', uid: '${logs}' },
  traces: { type: 'tempo', uid: '${traces}' },
} as const;

export type Source = keyof typeof datasources;

export const datasource = datasources.metrics;
const datasourceOf = (targets: readonly Target[]) => datasources[targets[0]?.from ?? 'metrics'];

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
function query(target: Target, index: number): cog.Builder<cog.Dataquery> {
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

export type PanelBuilder = cog.Builder<Panel>;

/** The options of every panel. */
export interface PanelSpec {
  title: string;
  /** How to read it, and what to do about it. */
  description: string;
  /** Grafana's name of the unit: `s`, `percentunit`, `currencyUSD`, `short`. */
  unit: string;
  targets: readonly Target[];
  /** The text shown without data, with the reason. */
  empty: string;
  /** Of 24 columns. */
  width: number;
  /** In rows of 30 pixels. @default by the kind of panel */
  height?: number;
  /** Where to go on, with the same filters. */
  next?: BoardName;
  /** Further settings of the panel. @default none */
  nextWith?: Readonly<Record<string, string>>;
  decimals?: number;
  min?: number;
  max?: number;
}

/** What the builders of all kinds of panels can do. */
interface Common {
  title(title: string): unknown;
  description(description: string): unknown;
  unit(unit: string): unknown;
  noValue(text: string): unknown;
  span(columns: number): unknown;
  height(rows: number): unknown;
  datasource(datasource: { type: string; uid: string }): unknown;
  interval(interval: string): unknown;
  maxDataPoints(points: number): unknown;
  targets(targets: cog.Builder<cog.Dataquery>[]): unknown;
  links(links: DashboardLinkBuilder[]): unknown;
  decimals(decimals: number): unknown;
  min(min: number): unknown;
  max(max: number): unknown;
}

/**
 * Applies what all kinds of panels have. The least interval is that of recording rules, so that no step falls between two. Without a
 * limit, the width of the screen would decide how many points Prometheus has to compute.
 */
export function applyCommon<B extends Common>(builder: B, spec: PanelSpec, height: number): B {
  builder.title(spec.title);
  builder.description(spec.description);
  builder.unit(spec.unit);
  builder.noValue(spec.empty);
  builder.span(spec.width);
  builder.height(spec.height ?? height);
  builder.datasource(datasourceOf(spec.targets));
  builder.interval('1m');
  builder.maxDataPoints(maxPoints);
  builder.targets(spec.targets.map(query));
  if (spec.next) builder.links([linkTo(spec.next, boardTitles[spec.next], spec.nextWith)]);
  if (spec.decimals !== undefined) builder.decimals(spec.decimals);
  if (spec.min !== undefined) builder.min(spec.min);
  if (spec.max !== undefined) builder.max(spec.max);
  return builder;
}

export interface TextSpec {
  title: string;
  description: string;
  /** Markdown. */
  content: string;
  width: number;
  height: number;
}

/** Words. */
export const text = ({ title, description, content, width, height }: TextSpec): TextBuilder =>
  new TextBuilder()
    .title(title)
    .description(description)
    .mode(TextMode.Markdown)
    .content(content)
    .span(width)
    .height(height);
