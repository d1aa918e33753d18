import type { BillableUnit } from '../../catalogue/labels.ts';
import { rateOf } from '../../pricing/price.ts';
import type { PriceBook } from '../../pricing/price-book.ts';
import { billableOf, type UsageEntry } from '../decode/session-report.ts';
import { isRepetition, type Tellers } from '../decode/usage-reporters.ts';

/** What a session's usage costs at the prices of the day on which its report, and the spans around it, came. */
export interface SessionCost {
  /** US dollars, without what has no price. */
  usd: number;
  /** Dollars by kind of model. */
  byComponent: Readonly<Record<string, number>>;
  /** Usage whose price is not known; it is not free. */
  unpriced: { component: string; provider: string; model: string; unit: BillableUnit; amount: number }[];
}

/**
 * @param tellers who told of it, as far as spans have come, some after the report: what an adapter repeats costs nothing again
 * @returns undefined where nothing is reported: what it cost is not known
 */
export function costOf(
  usage: readonly UsageEntry[],
  book: PriceBook,
  tellers: Tellers | undefined,
): SessionCost | undefined {
  if (usage.length === 0) return undefined;
  const byComponent: Record<string, number> = {};
  const unpriced: SessionCost['unpriced'] = [];
  for (const entry of usage) {
    if (isRepetition(entry, tellers)) continue;
    const { component, provider, model } = entry;
    const price = book.find(provider, model);
    for (const [unit, amount] of billableOf(entry)) {
      // It is the same audio, which is unpriced already.
      if (!price && unit === 'audio_seconds_without_tokens') continue;
      const rate = price && rateOf(price, unit);
      if (rate === 'unbilled') continue;
      if (rate === undefined) unpriced.push({ component, provider, model, unit, amount });
      else byComponent[component] = (byComponent[component] ?? 0) + rate * amount;
    }
  }
  return {
    usd: Object.values(byComponent).reduce((sum, dollars) => sum + dollars, 0),
    byComponent,
    unpriced,
  };
}
