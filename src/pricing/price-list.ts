import { matches, modelOf, providerOf, withoutVersion } from './model-names.ts';
import type { Price } from './price.ts';

/** An entry of a price list: what it is for, and what that costs. */
export interface Entry {
  /** `provider/model`; in both, `*` stands for any text. */
  name: string;
  price: Price;
}

interface Pattern {
  provider: string;
  model: string;
  price: Price;
}

/** Separates provider and model: at the first slash, since the model of a gateway has one too. */
export function splitName(name: string): { provider: string; model: string } {
  const at = name.indexOf('/');
  return { provider: providerOf(name.slice(0, at)), model: modelOf(name.slice(at + 1)) };
}

/**
 * Finds a model's price among entries: the very name first, then the name without its version, then the pattern with
 * most characters that are not `*`; of equal ones, the first.
 */
export class PriceList {
  readonly #exact = new Map<string, Price>();
  readonly #patterns: Pattern[] = [];

  constructor(entries: readonly Entry[]) {
    for (const { name, price } of entries) {
      const { provider, model } = splitName(name);
      if (name.includes('*')) this.#patterns.push({ provider, model, price });
      else this.#exact.set(`${provider}/${model}`, price);
    }
    const literal = ({ provider, model }: Pattern) => `${provider}${model}`.replaceAll('*', '').length;
    this.#patterns.sort((a, b) => literal(b) - literal(a));
  }

  find(provider: string, model: string): Price | undefined {
    const base = withoutVersion(model);
    return (
      this.#exact.get(`${provider}/${model}`) ??
      (base === undefined ? undefined : this.#exact.get(`${provider}/${base}`)) ??
      this.#patterns.find((pattern) => matches(pattern.provider, provider) && matches(pattern.model, model))
        ?.price
    );
  }
}
