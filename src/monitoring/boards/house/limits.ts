import {
  MappingType,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMap,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { palette } from './palette.ts';

/** A limit: good up to `warning`, bad from `bad` on; or, falling, the other way round. */
export interface Limits {
  warning?: number;
  bad: number;
  /** Whether less is worse. @default false */
  falling?: boolean;
}

/** Below everything that is measured: a colour from here on leaves the quiet one to where there is no value. */
const lowest = -1e12;

/** Colours by limits, for single values and table cells. */
export function colours({ warning, bad, falling = false }: Limits) {
  const steps: { value: number; color: string }[] = falling
    ? [
        { value: lowest, color: palette.bad },
        { value: bad, color: warning === undefined ? palette.good : palette.warning },
        ...(warning === undefined ? [] : [{ value: warning, color: palette.good }]),
      ]
    : [
        { value: lowest, color: palette.good },
        ...(warning === undefined ? [] : [{ value: warning, color: palette.warning }]),
        { value: bad, color: palette.bad },
      ];
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps([{ value: null, color: palette.quiet }, ...steps]);
}

/** A line across a chart. */
export interface Mark {
  at: number;
  colour: string;
}

/** A line at the objective, or lines from the lowest to the highest, and nothing else. */
export const line = (marks: number | readonly Mark[]) =>
  new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([
    { value: null, color: 'transparent' },
    ...(typeof marks === 'number' ? [{ at: marks, colour: palette.bad }] : marks).map(({ at, colour }) => ({
      value: at,
      color: colour,
    })),
  ]);

/** What Grafana shows instead of a value, by the value. */
export type Wording = Readonly<Record<string, { text: string; colour?: string }>>;

/** Words for values, as Grafana's value mappings. */
export const worded = (wording: Wording): ValueMap[] => [
  {
    type: MappingType.ValueToText,
    options: Object.fromEntries(
      Object.entries(wording).map(([value, { text, colour }], index) => [
        value,
        { text, index, ...(colour !== undefined && { color: colour }) },
      ]),
    ),
  },
];

/** One colour, whatever the value. */
export const plain = (color: string) =>
  new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([
    { value: null, color: palette.quiet },
    { value: lowest, color },
  ]);
