import { commonLabels, type Identity, type MetricSpec } from '../catalogue/types.ts';

/** What replaces a label's value once the label has too many of them. */
export const overflow = 'other';

const maxLength = 128;
// Control characters are legal in the exposition (escaped) and useless on a board.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
const control = /[\u0000-\u001f\u007f]/g;

/** A label value as it is exposed: well-formed Unicode, no control characters, at most 128 characters. */
export function sanitise(value: string): string {
  if (value.length <= maxLength && /^[\x20-\x7e]*$/.test(value)) return value;
  const clean = value
    .slice(0, 4 * maxLength)
    .toWellFormed()
    .replace(control, ' ');
  return clean.length <= maxLength ? clean : [...clean].slice(0, maxLength).join('');
}

export interface LabelCapOptions {
  /** How many values a label may have. */
  max: number;
  /** Milliseconds since the epoch. @default Date.now */
  now?(): number;
  /**
   * Returns values to evict when a label is full. @default none
   *
   * @param seen when each of its values was admitted last
   */
  evict?(label: string, seen: ReadonlyMap<string, number>): readonly string[];
}

/** Lets each label have a bounded number of values; what comes when it is full becomes `other`. */
export class LabelCap {
  readonly #options: Required<LabelCapOptions>;
  /** By label and value: when it was admitted last. */
  readonly #seen = new Map<string, Map<string, number>>();

  constructor({ max, now = Date.now, evict = () => [] }: LabelCapOptions) {
    this.#options = { max, now, evict };
  }

  /** The value to expose for `label`: its own, or `other` when the label is full. */
  admit(label: string, value: string): string {
    const { max, now, evict } = this.#options;
    const seen = this.#seen.get(label) ?? new Map<string, number>();
    this.#seen.set(label, seen);
    if (!seen.has(value)) {
      if (seen.size >= max) for (const gone of evict(label, seen)) seen.delete(gone);
      if (seen.size >= max) return overflow;
    }
    seen.set(value, now());
    return value;
  }
}

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
