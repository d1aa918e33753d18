/** A set that forgets its oldest members, so that a day-long session stays small. */
export class RecentSet<T> {
  readonly #max: number;
  readonly #members = new Set<T>();

  constructor(max: number) {
    this.#max = max;
  }

  has(member: T): boolean {
    return this.#members.has(member);
  }

  /** Adds `member`; false if it was there. */
  add(member: T): boolean {
    if (this.#members.has(member)) return false;
    this.#members.add(member);
    if (this.#members.size > this.#max) this.#members.delete(this.#members.values().next().value as T);
    return true;
  }
}
