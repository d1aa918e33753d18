import { ThresholdsConfigBuilder, ThresholdsMode } from '@grafana/grafana-foundation-sdk/dashboard';
import { palette } from './palette.ts';

/** A limit: good up to `warning`, bad from `bad` on; or, falling, the other way round. */
export interface Limits {
  warning?: number;
  bad: number;
  /** Whether less is worse. @default false */
  falling?: boolean;
}

/** Colours by limits, for single values and table cells. */
export function colours({ warning, bad, falling = false }: Limits) {
  const steps: { value: number | null; color: string }[] = falling
    ? [
        { value: null, color: palette.bad },
        { value: bad, color: warning === undefined ? palette.good : palette.warning },
        ...(warning === undefined ? [] : [{ value: warning, color: palette.good }]),
      ]
    : [
        { value: null, color: palette.good },
        ...(warning === undefined ? [] : [{ value: warning, color: palette.warning }]),
        { value: bad, color: palette.bad },
      ];
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps);
}

/** A line at the objective, and nothing else. */
export const line = (at: number) =>
  new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([
    { value: null, color: 'transparent' },
    { value: at, color: palette.bad },
  ]);

/** One colour, whatever the value. */
export const plain = (color: string) =>
  new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([{ value: null, color }]);
