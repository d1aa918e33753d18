/** A share as texts tell it: `5 %`. */
export const percent = (ratio: number): string => `${Number((100 * ratio).toFixed(2))} %`;

/** A template that looks up a figure which the alert itself does not have; nothing is said where there is none. */
export const lookup = (
  series: string,
  /** Labels of the alert by which the figure is found; one that the alert lacks must be missing there, too. */
  labels: readonly string[],
  format: 'humanizeDuration' | 'humanizePercentage',
  text: readonly [before: string, after: string],
): string => {
  const wanted = labels.map((label) => `${label}=%q`).join(', ');
  const values = labels.map((label) => `$labels.${label}`).join(' ');
  return (
    `{{ with printf ${quoted(series.replace('{}', `{${wanted}}`))} ${values} | query }}` +
    `${text[0]}{{ . | first | value | ${format} }}${text[1]}{{ end }}`
  );
};

const quoted = (text: string): string => `\`${text}\``;
