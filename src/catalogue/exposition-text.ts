/**
 * The Prometheus text format 0.0.4; OpenMetrics 1.0, which carries exemplars; or that with `_created` lines, for a scraper
 * that takes creation times.
 */
export type Format = 'text' | 'openmetrics' | 'openmetrics-created';

/** A HELP text of the Prometheus text format. */
export const escapeHelp = (text: string): string => text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n');

/** A label's value, or a HELP text of OpenMetrics. */
export const escapeLabelValue = (text: string): string =>
  // Fast path: most label values need no escaping.
  /[\\\n"]/.test(text) ? escapeHelp(text).replace(/"/g, '\\"') : text;

export function formatNumber(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}

/** `a="1",b="2"`, without the braces. */
export const labelPairs = (labels: Readonly<Record<string, string | number | undefined>>): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeLabelValue(String(value).toWellFormed())}"`)
    .join(',');
