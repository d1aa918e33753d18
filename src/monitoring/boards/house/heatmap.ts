import { TooltipDisplayMode } from '@grafana/grafana-foundation-sdk/common';
import {
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  HeatmapTooltipBuilder,
  PanelBuilder,
  YAxisConfigBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap';
import { applied, type PanelSpec } from './panel.ts';

/** A histogram over time: how many fell into each bucket. Its targets are buckets. */
export const heatmap = (spec: PanelSpec): PanelBuilder =>
  applied(new PanelBuilder(), spec, 9)
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
