import { PanelBuilder } from '@grafana/grafana-foundation-sdk/barchart';
import {
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import { segmentAttributes } from '../../../catalogue/conversation.ts';
import { label } from '../../logql/records.ts';
import { segmentColours } from './palette.ts';
import { applied, type PanelSpec } from './panel.ts';
import { arranged, recordFields } from './record-fields.ts';

export interface WaterfallSpec extends Omit<PanelSpec, 'targets' | 'unit'> {
  /** LogQL of turns. */
  expr: string;
}

const short = (attribute: string): keyof typeof segmentColours =>
  attribute.replace('lk.segment.', '') as keyof typeof segmentColours;

/** A bar for each turn, as long as its latency, of the parts that it consists of. */
export function waterfall({ expr, ...rest }: WaterfallSpec): PanelBuilder {
  const turn = label('lk.turn.number');
  const parts = segmentAttributes.map((attribute) => [label(attribute), short(attribute)] as const);
  const names = ['Time', turn, ...parts.map(([name]) => name)];
  const builder = applied(
    new PanelBuilder(),
    { ...rest, unit: 'suffix: s', decimals: 1, min: 0, targets: [{ expr, from: 'logs' }] },
    14,
  )
    .transformations([
      ...recordFields(
        names,
        parts.map(([name]) => name),
      ),
      { id: 'sortBy', options: { fields: {}, sort: [{ field: 'Time', desc: false }] } },
      arranged(names, { [turn]: 'Turn', ...Object.fromEntries(parts) }, { Time: true }),
    ])
    .orientation(VizOrientation.Horizontal)
    .stacking(StackingMode.Normal)
    .xField('Turn')
    .showValue(VisibilityMode.Never)
    .barWidth(0.8)
    .fillOpacity(80)
    .lineWidth(0)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs([]),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.None));
  // The turn's number is a name: a unit would make a duration of it.
  builder.overrideByName('Turn', [{ id: 'unit', value: 'string' }]);
  for (const [, name] of parts) {
    builder.overrideByName(name, [
      { id: 'color', value: { mode: 'fixed', fixedColor: segmentColours[name] } },
    ]);
  }
  return builder;
}
