import { baseline, type Measure } from '../baselines.ts';

/** How Prometheus' templates write a figure. */
export type FigureFormat = 'humanizePercentage' | 'humanizeDuration' | 'printf "%.0f"' | 'printf "%.3f"';

/** A share as texts tell it: `5 %`. */
export const percent = (ratio: number): string => `${Number((100 * ratio).toFixed(2))} %`;

/** A template that looks up a figure which the alert itself does not have; nothing is said where there is none. */
export const lookup = (
  /** The series, with `{}` where its labels go. */
  series: string,
  /** Labels of the alert by which the figure is found; one that the alert lacks must be missing there, too. */
  labels: readonly string[],
  format: FigureFormat,
  text: readonly [before: string, after: string] = ['', ''],
): string => {
  const wanted = labels.map((label) => `${label}=%q`).join(', ');
  const values = labels.map((label) => `$labels.${label}`).join(' ');
  return (
    `{{ with printf ${quoted(series.replace('{}', `{${wanted}}`))} ${values} | query }}` +
    `${text[0]}{{ . | first | value | ${format} }}${text[1]}{{ end }}`
  );
};

/** A template that says what a measure usually is for the alert's labels. */
export const usual = (measure: Measure, labels: readonly string[], format: FigureFormat): string =>
  lookup(`${baseline(measure)}{}`, labels, format);

const quoted = (text: string): string => `\`${text}\``;
