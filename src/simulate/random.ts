/** A seeded random number generator: the same seeds give the same sequence on every machine. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** True with probability `p`. */
  chance(p: number): boolean;
  /** A whole number from `min` to `max`, both included. */
  integer(min: number, max: number): number;
  /** One of `items`, with equal probability. @throws RangeError for an empty list */
  pick<T>(items: readonly T[]): T;
  /** One of `items`, with probability by weight. @throws RangeError for an empty list */
  weighted<T>(items: readonly T[], weight: (item: T) => number): T;
  /** The items in random order. */
  shuffle<T>(items: readonly T[]): T[];
  /** A lognormal number with the given median; `sigma` is that of its logarithm. */
  lognormal(median: number, sigma: number): number;
}

/** FNV-1a: spreads neighbouring seeds (call 7, call 8) over the whole range. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

/** Creates the generator for `seeds`; different seeds give independent sequences. */
export function createRandom(...seeds: readonly (string | number)[]): Random {
  let state = hash(seeds.join('/'));
  // mulberry32, public domain (Tommy Ettinger): 32 bits of state, passes gjrand.
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const random: Random = {
    next,
    chance: (p) => next() < p,
    integer: (min, max) => min + Math.floor(next() * (max - min + 1)),
    pick: (items) => random.weighted(items, () => 1),
    weighted(items, weight) {
      let rest = next() * items.reduce((sum, item) => sum + weight(item), 0);
      for (const item of items) {
        rest -= weight(item);
        if (rest < 0) return item;
      }
      const last = items.at(-1);
      if (last === undefined) throw new RangeError('there is nothing to choose from');
      return last;
    },
    shuffle(items) {
      const shuffled = [...items];
      for (let i = shuffled.length - 1; i > 0; i--) {
        const j = Math.floor(next() * (i + 1));
        [shuffled[i], shuffled[j]] = [shuffled[j] as never, shuffled[i] as never];
      }
      return shuffled;
    },
    lognormal(median, sigma) {
      // Box-Muller; 1 - next() is never 0, so the logarithm is finite.
      const normal = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
      return median * Math.exp(sigma * normal);
    },
  };
  return random;
}
