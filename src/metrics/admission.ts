import { commonLabels, type Identity, type MetricSpec } from '../catalogue/types.ts';
import { type LabelCap, overflow, sanitise } from './label-cap.ts';

/** The labels of a series as they are exposed. */
export interface Admitted {
  admitted: Record<string, string>;
  /** Those whose value became `other`. */
  overflowed: string[];
}

/** A label's value as it is exposed; an empty one would be no label at all. */
export const exposed = (value: string): string => sanitise(value) || 'unknown';

/** The labels of a series whose values are capped. */
export const openLabels = ({ labels }: MetricSpec): string[] => [
  ...commonLabels,
  ...Object.keys(labels).filter((name) => labels[name] === 'open'),
];

/** The exposed labels; undefined: they are not those of the series. */
export function admit(
  cap: LabelCap,
  spec: MetricSpec,
  labels: Readonly<Record<string, string>>,
  about: Identity,
): Admitted | undefined {
  const names = Object.keys(spec.labels);
  if (Object.keys(labels).length !== names.length) return undefined;
  const admitted: Record<string, string> = {};
  const overflowed: string[] = [];
  for (const name of [...commonLabels, ...names]) {
    const value = Object.hasOwn(spec.labels, name) ? labels[name] : about[name as keyof Identity];
    if (typeof value !== 'string' || (name in labels && !Object.hasOwn(labels, name))) return undefined;
    const allowed = spec.labels[name] ?? 'open';
    if (allowed !== 'open') {
      if (!allowed.includes(value)) return undefined;
      admitted[name] = value;
      continue;
    }
    const clean = exposed(value);
    admitted[name] = cap.admit(name, clean);
    if (admitted[name] === overflow && clean !== overflow) overflowed.push(name);
  }
  return { admitted, overflowed };
}
