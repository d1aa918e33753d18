import { PanelBuilder as BarGaugeBuilder } from '@grafana/grafana-foundation-sdk/bargauge';
import {
  BarGaugeDisplayMode,
  BarGaugeNamePlacement,
  BarGaugeValueMode,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueJustifyMode,
  type BigValueTextMode,
  GraphDrawStyle,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  LineInterpolation,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TimelineValueAlignment,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  FieldColorBuilder,
  FieldColorModeId,
  MappingType,
  SpecialValueMatch,
} from '@grafana/grafana-foundation-sdk/dashboard';
import {
  PanelBuilder as HeatmapBuilder,
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  HeatmapTooltipBuilder,
  YAxisConfigBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as StateTimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { applyCommon, type PanelSpec } from './panel.ts';
import {
  type Limits,
  palette,
  singleColour,
  type ThresholdLine,
  thresholdLines,
  thresholds,
  type ValueTexts,
  valueMappings,
} from './thresholds.ts';

export interface TimeseriesSpec extends PanelSpec {
  /** A dashed line at the objective, or several. @default none */
  limit?: number | readonly ThresholdLine[];
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
  /** The values in the legend beside the name. @default none */
  legend?: readonly ('mean' | 'max' | 'lastNotNull' | 'sum')[];
  /** `right`: a table beside the chart, which holds many names; `below`: one line for a few. @default below */
  legendAt?: 'below' | 'right';
  /** Whether the legend is sorted by its first value, descending. @default false, in the order of targets */
  sorted?: boolean;
}

/** Lines, areas or bars over time. */
export function timeseries(spec: TimeseriesSpec): TimeseriesBuilder {
  const { draw = 'lines', limit, colours = {}, dashed } = spec;
  const builder = applyCommon(new TimeseriesBuilder(), { min: 0, ...spec }, 8)
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
      .thresholds(thresholdLines(limit))
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
const legendHeadings = { mean: 'Mean', max: 'Max', lastNotNull: 'Last *', sum: 'Total' } as const;

function legendOf({ legend = [], legendAt = 'below', sorted = false }: TimeseriesSpec) {
  const builder = new VizLegendOptionsBuilder()
    .showLegend(true)
    .displayMode(legendAt === 'right' ? LegendDisplayMode.Table : LegendDisplayMode.List)
    .placement(legendAt === 'right' ? LegendPlacement.Right : LegendPlacement.Bottom)
    .calcs([...legend]);
  const [first] = legend;
  return sorted && first ? builder.sortBy(legendHeadings[first]).sortDesc(true) : builder;
}

/** A histogram over time: how many fell into each bucket. Its targets are buckets. */
export const heatmap = (spec: PanelSpec): HeatmapBuilder =>
  applyCommon(new HeatmapBuilder(), spec, 9)
    .calculate(false)
    .color(
      new HeatmapColorOptionsBuilder()
        .mode(HeatmapColorMode.Scheme)
        .scheme('Oranges')
        .exponent(0.5)
        .steps(64)
        .reverse(false)
        .fill('dark-orange'),
    )
    .yAxis(new YAxisConfigBuilder().unit(spec.unit))
    .exemplarsColor('rgba(90,160,255,0.9)')
    .tooltip(new HeatmapTooltipBuilder().mode(TooltipDisplayMode.Single).yHistogram(true))
    .showLegend();

export interface BarGaugeSpec extends PanelSpec {
  /** What colours the bars. @default none */
  limits?: Limits;
}

/** A bar for each of a few things: which one is most? Its targets are instant. */
export const bargauge = (spec: BarGaugeSpec): BarGaugeBuilder =>
  applyCommon(new BarGaugeBuilder(), { min: 0, ...spec }, 8)
    .displayMode(BarGaugeDisplayMode.Basic)
    .orientation(VizOrientation.Horizontal)
    .valueMode(BarGaugeValueMode.Color)
    .namePlacement(BarGaugeNamePlacement.Left)
    .showUnfilled(true)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false))
    .thresholds(spec.limits ? thresholds(spec.limits) : singleColour(palette.neutral));

export interface StatSpec extends PanelSpec {
  /** What colours the value. @default none, it is neither good nor bad */
  limits?: Limits;
  /** Likewise, by the name of the value, for those that differ from `limits`. */
  limitsOf?: Readonly<Record<string, Limits>>;
  /** Words for some values. @default the value, in its unit */
  wording?: ValueTexts;
  /** Whether a sparkline is drawn behind it; its targets must not be instant then. @default false */
  trend?: boolean;
  /** The reduction of a range to a value. @default the last value */
  reduce?: 'lastNotNull' | 'mean' | 'max' | 'sum';
  /** `name`: the name of each value stands with it. @default auto */
  text?: 'auto' | 'value' | 'value_and_name' | 'name';
}

/** A stat panel: one value, or a few. */
export function stat(spec: StatSpec): StatBuilder {
  const builder = applyCommon(new StatBuilder(), spec, 4)
    .colorMode(BigValueColorMode.Value)
    .graphMode(spec.trend ? BigValueGraphMode.Area : BigValueGraphMode.None)
    .justifyMode(BigValueJustifyMode.Center)
    .textMode((spec.text ?? 'auto') as BigValueTextMode)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs([spec.reduce ?? 'lastNotNull']).values(false))
    // Without it, a value that is not there has the colour of the lowest limit: good, or bad.
    .mappings([
      ...valueMappings(spec.wording ?? {}),
      {
        type: MappingType.SpecialValue,
        options: {
          match: SpecialValueMatch.NullAndNan,
          result: { text: spec.empty, color: palette.quiet },
        },
      },
    ])
    .thresholds(spec.limits ? thresholds(spec.limits) : singleColour(palette.neutral));
  for (const [name, limits] of Object.entries(spec.limitsOf ?? {})) {
    builder.overrideByName(name, [{ id: 'thresholds', value: thresholds(limits).build() }]);
  }
  return builder;
}

export interface StateTimelineSpec extends PanelSpec {
  /** What colours a stretch: a number by limits, or each of a few values by a word and a colour of its own. */
  states: Limits | readonly { value: number; word: string; colour: string }[];
}

/** A line for each of many things, coloured by how it was doing: holds 20 where lines of a chart would be a tangle. */
export function stateTimeline(spec: StateTimelineSpec): StateTimelineBuilder {
  const { states } = spec;
  const builder = applyCommon(new StateTimelineBuilder(), spec, 9)
    .mergeValues(true)
    .rowHeight(0.85)
    .lineWidth(0)
    .fillOpacity(75)
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(false)
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .calcs([]),
    );
  if ('bad' in states) {
    return builder
      .showValue(VisibilityMode.Never)
      .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
      .thresholds(thresholds(states));
  }
  const options = states.map(({ value, word, colour }) => [`${value}`, { text: word, color: colour }]);
  return builder
    .showValue(VisibilityMode.Auto)
    .alignValue(TimelineValueAlignment.Center)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Fixed).fixedColor(palette.quiet))
    .mappings([{ type: MappingType.ValueToText, options: Object.fromEntries(options) }]);
}
