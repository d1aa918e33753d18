import type * as cog from '@grafana/grafana-foundation-sdk/cog';
import type { DashboardLinkBuilder, Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { maxPoints } from '../../promql/resolution.ts';
import { type BoardName, boardTitles, linkTo } from './links.ts';
import { datasourceOf, query, type Target } from './target.ts';

export type PanelBuilder = cog.Builder<Panel>;

/** What every panel says of itself. */
export interface PanelSpec {
  title: string;
  /** How to read it, and what to do about it. */
  description: string;
  /** Grafana's name of the unit: `s`, `percentunit`, `currencyUSD`, `short`. */
  unit: string;
  targets: readonly Target[];
  /** What stands there when there is no data, and why. */
  empty: string;
  /** Of 24 columns. */
  width: number;
  /** In rows of 30 pixels. @default by the kind of panel */
  height?: number;
  /** Where to go on, with the same filters. */
  next?: BoardName;
  /** What else is set there. @default nothing */
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
export function applied<B extends Common>(builder: B, spec: PanelSpec, height: number): B {
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
