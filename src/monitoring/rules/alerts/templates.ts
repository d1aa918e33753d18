import { baseline, type Measure } from '../baselines.ts';

/** The template function that writes a figure. */
type Format = 'humanizeDuration' | 'humanizePercentage' | 'printf "%.0f"' | 'printf "%.3f"';

/**
 * A Prometheus template that looks up a figure which the alert itself does not have, with the words around it; it says nothing
 * where there is none.
 *
 * @param expr PromQL, with `{}` where the alert's labels are matched
 * @param labels those labels
 */
export function queryTemplate(
  expr: string,
  labels: readonly string[],
  as: Format,
  [before, after]: readonly [before: string, after: string] = ['', ''],
): string {
  const matched = expr.replace('{}', `{${labels.map((label) => `${label}=%q`).join(', ')}}`);
  const values = labels.map((label) => `$labels.${label}`).join(' ');
  return `{{ with printf \`${matched}\` ${values} | query }}${before}{{ . | first | value | ${as} }}${after}{{ end }}`;
}

/**
 * A Prometheus template with the baseline of a measure for the alert's labels; empty if it is unknown.
 *
 * @param labels that identify the measure
 */
export const baselineText = (measure: Measure, labels: readonly string[], as: Format): string =>
  queryTemplate(`${baseline(measure)}{}`, labels, as);
