import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';

/** The data source that the reader has chosen. */
export const datasource = { type: 'prometheus', uid: '${datasource}' };

/** A query of a panel. */
export interface Target {
  expr: string;
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
export function query(target: Target, index: number): DataqueryBuilder {
  const { expr, legend, as, ref = String.fromCharCode(65 + index), exemplars } = target;
  const builder = new DataqueryBuilder().datasource(datasource).refId(ref).expr(expr);
  if (legend !== undefined) builder.legendFormat(legend);
  if (exemplars) builder.exemplar(true);
  if (as === 'table') builder.format(PromQueryFormat.Table);
  if (as === 'heatmap') builder.format(PromQueryFormat.Heatmap);
  return as === 'instant' || as === 'table' ? builder.instant() : builder.range();
}
