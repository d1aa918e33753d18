import { baseline, type Measure } from '../baselines.ts';

/** A ratio as it is read: `5 %`. */
export const percent = (ratio: number): string => `${Number((100 * ratio).toFixed(2))} %`;

/**
 * A Prometheus template that says what a measure usually is for the alert's labels; nothing if that is not known.
 *
 * @param labels by which the measure is told apart
 * @param as the template function that writes the figure
 */
export function usual(
  measure: Measure,
  labels: readonly string[],
  as: 'humanizePercentage' | 'humanizeDuration' | 'printf "%.0f"' | 'printf "%.3f"',
): string {
  const series = `${baseline(measure)}{${labels.map((label) => `${label}=%q`).join(', ')}}`;
  const values = labels.map((label) => `$labels.${label}`).join(' ');
  return `{{ with printf \`${series}\` ${values} | query }}{{ . | first | value | ${as} }}{{ end }}`;
}
