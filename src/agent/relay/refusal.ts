import type { MetricSpec } from '../../catalogue/types.ts';
import type { DropReason } from '../../metrics/recorder.ts';

/** Why the catalogue has no place for a label set; undefined: it has one. */
export function refusal(
  spec: MetricSpec | undefined,
  labels: Readonly<Record<string, string>>,
): DropReason | undefined {
  // What is derived from other series is made here, and not by jobs.
  if (!spec || spec.derived) return 'unknown_metric';
  const names = Object.entries(spec.labels);
  if (Object.keys(labels).length !== names.length) return 'unknown_label';
  for (const [name, allowed] of names) {
    const value = Object.hasOwn(labels, name) ? labels[name] : undefined;
    if (typeof value !== 'string') return 'unknown_label';
    if (allowed !== 'open' && !allowed.includes(value)) return 'unknown_label';
  }
  return undefined;
}
