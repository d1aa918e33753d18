import {
  LegendDisplayMode,
  LegendPlacement,
  TimelineValueAlignment,
  VisibilityMode,
  VizLegendOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import { FieldColorBuilder, FieldColorModeId, MappingType } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import { colours, type Limits } from './limits.ts';
import { palette } from './palette.ts';
import { applied, type PanelSpec } from './panel.ts';

export interface StateTimelineSpec extends PanelSpec {
  /** What colours a stretch: a number by limits, or each of a few values by a word and a colour of its own. */
  states: Limits | readonly { value: number; word: string; colour: string }[];
}

/** A line for each of many things, coloured by how it was doing: holds 20 where lines of a chart would be a tangle. */
export function stateTimeline(spec: StateTimelineSpec): PanelBuilder {
  const { states } = spec;
  const builder = applied(new PanelBuilder(), spec, 9)
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
      .thresholds(colours(states));
  }
  const options = states.map(({ value, word, colour }) => [`${value}`, { text: word, color: colour }]);
  return builder
    .showValue(VisibilityMode.Auto)
    .alignValue(TimelineValueAlignment.Center)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Fixed).fixedColor(palette.quiet))
    .mappings([{ type: MappingType.ValueToText, options: Object.fromEntries(options) }]);
}
