import {
  GraphDrawStyle,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  LineInterpolation,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import { FieldColorBuilder, FieldColorModeId } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { line, type Mark } from './limits.ts';
import { applied, type PanelSpec } from './panel.ts';

export interface TimeseriesSpec extends PanelSpec {
  /** A dashed line at the objective, or several. @default none */
  limit?: number | readonly Mark[];
  /**
   * How far the axis reaches at least.
   * @default of shares the limit, or 1 %: Grafana draws a line of zeros on an axis up to 10000 %
   */
  reach?: number;
  /** `stack`: areas on top of each other; `shares`: likewise, out of 100 %; `bars`: bars on top of each other. @default lines */
  draw?: 'lines' | 'stack' | 'shares' | 'bars';
  /** Colours by the names of the lines; a key in slashes is a regular expression. @default Grafana's palette */
  colours?: Readonly<Record<string, string>>;
  /** Lines that stand for a comparison: dashed and thin. A regular expression. */
  dashed?: string;
  /** What the legend tells beside the name. @default nothing */
  legend?: readonly ('mean' | 'max' | 'lastNotNull' | 'sum')[];
  /** `right`: a table beside the chart, which holds many names; `below`: one line for a few. @default below */
  legendAt?: 'below' | 'right';
  /** Whether the legend begins with the greatest of what it tells first: who is worst? @default false, by the order of targets */
  sorted?: boolean;
}

/** Lines, areas or bars over time. */
export function timeseries(spec: TimeseriesSpec): PanelBuilder {
  const { draw = 'lines', limit, colours = {}, dashed } = spec;
  const builder = applied(new PanelBuilder(), { min: 0, ...spec }, 8)
    .drawStyle(draw === 'bars' ? GraphDrawStyle.Bars : GraphDrawStyle.Line)
    .lineInterpolation(LineInterpolation.Linear)
    .lineWidth(draw === 'stack' || draw === 'shares' ? 1 : 2)
    .fillOpacity({ lines: 8, stack: 70, shares: 70, bars: 80 }[draw])
    .showPoints(VisibilityMode.Auto)
    .pointSize(4)
    // Longer gaps are gaps: a fleet without calls has no latency.
    .spanNulls(300_000)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic))
    .legend(legendOf(spec))
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending));
  const least = typeof limit === 'number' ? limit : 0.01;
  const reach = spec.reach ?? (spec.unit === 'percentunit' ? least : undefined);
  if (reach !== undefined) builder.axisSoftMax(reach);
  if (draw !== 'lines') {
    const mode = draw === 'shares' ? StackingMode.Percent : StackingMode.Normal;
    builder.stacking(new StackingConfigBuilder().mode(mode).group('A'));
  }
  if (limit !== undefined) {
    builder
      .thresholds(line(limit))
      .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
  }
  for (const [name, fixedColor] of Object.entries(colours)) {
    const properties = [{ id: 'color', value: { mode: 'fixed', fixedColor } }];
    if (name.startsWith('/')) builder.overrideByRegexp(name, properties);
    else builder.overrideByName(name, properties);
  }
  if (dashed) {
    builder.overrideByRegexp(dashed, [
      { id: 'custom.lineStyle', value: { fill: 'dash', dash: [6, 6] } },
      { id: 'custom.lineWidth', value: 1 },
      { id: 'custom.fillOpacity', value: 0 },
    ]);
  }
  return builder;
}

/** What Grafana heads the columns of a legend with. */
const headings = { mean: 'Mean', max: 'Max', lastNotNull: 'Last *', sum: 'Total' } as const;

function legendOf({ legend = [], legendAt = 'below', sorted = false }: TimeseriesSpec) {
  const builder = new VizLegendOptionsBuilder()
    .showLegend(true)
    .displayMode(legendAt === 'right' ? LegendDisplayMode.Table : LegendDisplayMode.List)
    .placement(legendAt === 'right' ? LegendPlacement.Right : LegendPlacement.Bottom)
    .calcs([...legend]);
  const [first] = legend;
  return sorted && first ? builder.sortBy(headings[first]).sortDesc(true) : builder;
}
