/**
 * A map with at most `max` entries, so that the memory of a long session is bounded. It always has the newest
 * `max / 2` entries. Old entries are evicted in one batch: deleting them one by one costs more than looking them up.
 */
export class RecentMap<K, V extends {}> {
  readonly #half: number;
  #newer = new Map<K, V>();
  #older = new Map<K, V>();

  constructor(max: number) {
    this.#half = Math.ceil(max / 2);
  }

  /** The number of entries. An entry that was set again may count twice. */
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
