import {
  LegendDisplayMode,
  LegendPlacement,
  VisibilityMode,
  VizLegendOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  FieldColorBuilder,
  FieldColorModeId,
  MappingType,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import { colours, type Limits } from './limits.ts';
import { applied, type PanelSpec } from './panel.ts';

export interface StateTimelineSpec extends PanelSpec {
  /** What colours a stretch. */
  limits: Limits;
  /** Words for values, which then stand in the stretches. @default none, the colour says it */
  words?: Readonly<Record<number, string>>;
}

/** A line for each of many things, coloured by how it was doing: holds 20 where lines of a chart would be a tangle. */
export const stateTimeline = (spec: StateTimelineSpec): PanelBuilder =>
  applied(new PanelBuilder(), spec, 9)
    .mergeValues(true)
    .showValue(spec.words ? VisibilityMode.Auto : VisibilityMode.Never)
    .rowHeight(0.85)
    .lineWidth(0)
    .fillOpacity(75)
    .mappings(spec.words ? [mapping(spec.words)] : [])
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .thresholds(colours(spec.limits))
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(false)
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .calcs([]),
    );

const mapping = (words: Readonly<Record<number, string>>): ValueMapping => ({
  type: MappingType.ValueToText,
  options: Object.fromEntries(Object.entries(words).map(([value, text]) => [value, { text }])),
});
