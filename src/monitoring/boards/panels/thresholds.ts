import {
  MappingType,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMap,
} from '@grafana/grafana-foundation-sdk/dashboard';

/** The meanings of colours; the same on every board. Names are Grafana's, which has a shade of each for light and dark. */
export const palette = {
  good: 'green',
  warning: 'orange',
  bad: 'red',
  neutral: 'blue',
  quiet: 'text',
  p50: 'light-blue',
  p95: 'orange',
  p99: 'red',
} as const;

/** The parts of a turn, in the order in which they are stacked; warm is what the caller waits for models. */
export const segmentColours = {
  transcription: 'super-light-blue',
  endpointing: 'blue',
  user_hook: 'purple',
  llm: 'orange',
  tools: 'yellow',
  tts: 'green',
  unattributed: 'semi-dark-blue',
} as const;

/** How requests to models ended. */
export const outcomeColours = {
  ok: 'green',
  empty: 'yellow',
  cancelled: 'blue',
  error: 'red',
} as const;

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
export function thresholds({ warning, bad, falling = false }: Limits) {
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
export interface ThresholdLine {
  at: number;
  colour: string;
}

/** A line at the objective, or lines from the lowest to the highest, and nothing else. */
export const thresholdLines = (marks: number | readonly ThresholdLine[]) =>
  new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([
    { value: null, color: 'transparent' },
    ...(typeof marks === 'number' ? [{ at: marks, colour: palette.bad }] : marks).map(({ at, colour }) => ({
      value: at,
      color: colour,
    })),
  ]);

/** What Grafana shows instead of a value, by the value. */
export type ValueTexts = Readonly<Record<string, { text: string; colour?: string }>>;

/** Words for values, as Grafana's value mappings. */
export const valueMappings = (wording: ValueTexts): ValueMap[] => [
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
export const singleColour = (color: string) =>
  new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([
    { value: null, color: palette.quiet },
    { value: lowest, color },
  ]);

/** The texts of the recorded comparison result of a version. */
export const comparisonTexts: ValueTexts = {
  '1': { text: 'worse', colour: palette.bad },
  '0': { text: 'alike', colour: palette.quiet },
  '-1': { text: 'better', colour: palette.good },
};
