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

/** Lets each label have a bounded number of values; what comes later becomes `other`. */
export class LabelCap {
  readonly #max: number;
  readonly #seen = new Map<string, Set<string>>();

  constructor(max: number) {
    this.#max = max;
  }

  /** The value to expose for `label`: its own, or `other` when the label is full. */
  admit(label: string, value: string): string {
    const seen = this.#seen.get(label) ?? new Set<string>();
    this.#seen.set(label, seen);
    if (seen.has(value)) return value;
    if (seen.size >= this.#max) return overflow;
    seen.add(value);
    return value;
  }
}
