import { libraryPrice } from './library.ts';
import { builtInEntries } from './list/built-in.ts';
import { modelOf, providerOf } from './model-names.ts';
import type { Price } from './price.ts';
import { type Entry, PriceList } from './price-list.ts';

export interface PriceBookOptions {
  /** Entries of the user, which go before all others. @default none */
  entries?: readonly Entry[];
  /** @default the system's clock */
  now?: () => Date;
}

/** Knows what models cost: by the user's file, else by the built-in one, else by the price library. */
export class PriceBook {
  readonly #lists: readonly PriceList[];
  readonly #now: () => Date;

  constructor({ entries = [], now = () => new Date() }: PriceBookOptions = {}) {
    this.#lists = [new PriceList(entries), new PriceList(builtInEntries())];
    this.#now = now;
  }

  /** The price of a model under the names that the SDK reports; undefined if none is known. */
  find(modelProvider: string, modelName: string): Price | undefined {
    const provider = providerOf(modelProvider);
    const model = modelOf(modelName);
    for (const list of this.#lists) {
      const price = list.find(provider, model);
      if (price) return price;
    }
    return libraryPrice(provider, model, this.#now());
  }
}
