import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueJustifyMode,
  type BigValueTextMode,
  ReduceDataOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import { MappingType, SpecialValueMatch } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { colours, type Limits, plain, type Wording, worded } from './limits.ts';
import { palette } from './palette.ts';
import { applied, type PanelSpec } from './panel.ts';

export interface StatSpec extends PanelSpec {
  /** What colours the value. @default none, it is neither good nor bad */
  limits?: Limits;
  /** Likewise, by the name of the value, for those that differ from `limits`. */
  limitsOf?: Readonly<Record<string, Limits>>;
  /** Words for some values. @default the value, in its unit */
  wording?: Wording;
  /** Whether its course is drawn behind it; its targets must not be instant then. @default false */
  trend?: boolean;
  /** What is made of a course. @default the last value */
  reduce?: 'lastNotNull' | 'mean' | 'max' | 'sum';
  /** `name`: the name of each value stands with it. @default auto */
  text?: 'auto' | 'value' | 'value_and_name' | 'name';
}

/** One value, or a few, to be read from afar. */
export function stat(spec: StatSpec): PanelBuilder {
  const builder = applied(new PanelBuilder(), spec, 4)
    .colorMode(BigValueColorMode.Value)
    .graphMode(spec.trend ? BigValueGraphMode.Area : BigValueGraphMode.None)
    .justifyMode(BigValueJustifyMode.Center)
    .textMode((spec.text ?? 'auto') as BigValueTextMode)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs([spec.reduce ?? 'lastNotNull']).values(false))
    // Without it, a value that is not there has the colour of the lowest limit: good, or bad.
    .mappings([
      ...worded(spec.wording ?? {}),
      {
        type: MappingType.SpecialValue,
        options: {
          match: SpecialValueMatch.NullAndNan,
          result: { text: spec.empty, color: palette.quiet },
        },
      },
    ])
    .thresholds(spec.limits ? colours(spec.limits) : plain(palette.neutral));
  for (const [name, limits] of Object.entries(spec.limitsOf ?? {})) {
    builder.overrideByName(name, [{ id: 'thresholds', value: colours(limits).build() }]);
  }
  return builder;
}
