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
   * Asked for values that are not seen any more, when a label is full. @default none
   *
   * @param seen when each of its values was admitted last
   */
  letGo?(label: string, seen: ReadonlyMap<string, number>): readonly string[];
}

/** Lets each label have a bounded number of values; what comes when it is full becomes `other`. */
export class LabelCap {
  readonly #options: Required<LabelCapOptions>;
  /** By label and value: when it was admitted last. */
  readonly #seen = new Map<string, Map<string, number>>();

  constructor({ max, now = Date.now, letGo = () => [] }: LabelCapOptions) {
    this.#options = { max, now, letGo };
  }

  /** The value to expose for `label`: its own, or `other` when the label is full. */
  admit(label: string, value: string): string {
    const { max, now, letGo } = this.#options;
    const seen = this.#seen.get(label) ?? new Map<string, number>();
    this.#seen.set(label, seen);
    if (!seen.has(value)) {
      if (seen.size >= max) for (const gone of letGo(label, seen)) seen.delete(gone);
      if (seen.size >= max) return overflow;
    }
    seen.set(value, now());
    return value;
  }
}
