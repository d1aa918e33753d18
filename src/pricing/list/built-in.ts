import type { Price } from '../price.ts';
import type { Entry } from '../price-list.ts';
import { ratesOf } from '../units.ts';
import { livekit } from './livekit.ts';
import type { Page } from './published.ts';
import { speech } from './speech.ts';

/**
 * The prices that come with Talkgauge: public list prices in US dollars, without taxes, discounts and free quotas. They
 * go stale: each has its day and the page to look it up.
 */
const pages: readonly Page[] = [...speech, ...livekit];

export const builtIn = {
  /** The day of the oldest of them. */
  dated: pages.map(({ dated }) => dated).sort()[0] as string,
  pages,
} as const;

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
