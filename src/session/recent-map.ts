/**
 * A map that forgets old entries, so that a day-long session stays small: it has at most `max`, among them
 * the newest half of as many. It forgets by the lump: to delete them one by one, as requests come, costs the
 * call more than to look them up.
 */
export class RecentMap<K, V extends {}> {
  readonly #half: number;
  #newer = new Map<K, V>();
  #older = new Map<K, V>();

  constructor(max: number) {
    this.#half = Math.ceil(max / 2);
  }

  /** How many entries it has; one that was set again may count twice. */
  get size(): number {
    return this.#newer.size + this.#older.size;
  }

  get(key: K): V | undefined {
    return this.#newer.get(key) ?? this.#older.get(key);
  }

  has(key: K): boolean {
    return this.#newer.has(key) || this.#older.has(key);
  }

  set(key: K, value: V): void {
    if (this.#newer.size >= this.#half && !this.#newer.has(key)) {
      this.#older = this.#newer;
      this.#newer = new Map();
    }
    this.#newer.set(key, value);
  }
}
