/** A map that forgets its oldest entries, so that a day-long session stays small. */
export class RecentMap<K, V> {
  readonly #max: number;
  readonly #entries = new Map<K, V>();
  /**
   * The keys by age, as a ring: asking the map for its first key costs more the more have been deleted
   * before it, and this runs for every request.
   */
  readonly #keys: K[] = [];
  #oldest = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: K): V | undefined {
    return this.#entries.get(key);
  }

  has(key: K): boolean {
    return this.#entries.has(key);
  }

  set(key: K, value: V): void {
    if (!this.#entries.has(key)) this.#makeRoom(key);
    this.#entries.set(key, value);
  }

  #makeRoom(key: K): void {
    if (this.#keys.length < this.#max) {
      this.#keys.push(key);
      return;
    }
    this.#entries.delete(this.#keys[this.#oldest] as K);
    this.#keys[this.#oldest] = key;
    this.#oldest = (this.#oldest + 1) % this.#max;
  }
}
