import { PanelBuilder } from '@grafana/grafana-foundation-sdk/bargauge';
import {
  BarGaugeDisplayMode,
  BarGaugeNamePlacement,
  BarGaugeValueMode,
  ReduceDataOptionsBuilder,
  VizOrientation,
} from '@grafana/grafana-foundation-sdk/common';
import { colours, type Limits, plain } from './limits.ts';
import { palette } from './palette.ts';
import { applied, type PanelSpec } from './panel.ts';

export interface BarGaugeSpec extends PanelSpec {
  /** What colours the bars. @default none */
  limits?: Limits;
}

/** A bar for each of a few things: which one is most? Its targets are instant. */
export const bargauge = (spec: BarGaugeSpec): PanelBuilder =>
  applied(new PanelBuilder(), { min: 0, ...spec }, 8)
    .displayMode(BarGaugeDisplayMode.Basic)
    .orientation(VizOrientation.Horizontal)
    .valueMode(BarGaugeValueMode.Color)
    .namePlacement(BarGaugeNamePlacement.Left)
    .showUnfilled(true)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false))
    .thresholds(spec.limits ? colours(spec.limits) : plain(palette.neutral));
