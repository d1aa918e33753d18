import type { Price } from '../price.ts';
import type { Entry } from '../price-list.ts';
import { ratesOf } from '../units.ts';
import { livekit } from './livekit.ts';
import type { Page } from './published.ts';
import { speech } from './speech.ts';

/**
 * The prices that come with Earshot: public list prices in US dollars, without taxes, discounts and free quotas. They
 * go stale: each has its day and the page to look it up. Change the date when you change a price.
 */
export const builtIn = {
  dated: '2026-11-04',
  pages: [...speech, ...livekit],
} as const satisfies { dated: string; pages: readonly Page[] };

/** The built-in prices as entries of a price list. */
export const builtInEntries = (): Entry[] =>
  builtIn.pages.flatMap(({ models, url, dated, note }) =>
    Object.entries(models).map(([name, published]) => {
      const price: Price = {
        rates: published === 'free' ? {} : ratesOf(published),
        free: published === 'free',
        source: 'builtin',
        entry: name,
        dated,
        url,
        note,
      };
      return { name, price };
    }),
  );
