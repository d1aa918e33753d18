import type { BillableUnit } from '../catalogue/labels.ts';
import type { Derivation, DerivedSeries } from '../catalogue/observation.ts';
import { rateOf } from './price.ts';
import type { PriceBook } from './price-book.ts';

/** How often a price is looked up again, in milliseconds: some of the library's change with the day or the hour. */
const patience = 3600 * 1000;

/**
 * How cost follows usage: usage of a model whose price is known adds to its cost; any other, and a kind of tokens that its
 * price does not tell, to what is unpriced. Usage in a measure in which the model is not billed adds to neither.
 */
export class CostDerivation implements Derivation {
  readonly from = 'lk_agents_billable_usage_total';
  readonly #now: () => number;
  #book: PriceBook;
  #changes = 0;

  constructor(book: PriceBook, now: () => number = Date.now) {
    this.#book = book;
    this.#now = now;
  }

  /** Takes other prices; what is counted from now on is priced with them. */
  use(book: PriceBook): void {
    this.#book = book;
    this.#changes++;
  }

  get revision(): number {
    return this.#changes + Math.floor(this.#now() / patience);
  }

  of(labels: Readonly<Record<string, string>>): readonly DerivedSeries[] {
    const { model_provider = '', model_name = '', component = '' } = labels;
    const unit = labels.unit as BillableUnit;
    const price = this.#book.find(model_provider, model_name);
    // It is the same audio, which is unpriced already.
    if (!price && unit === 'audio_seconds_without_tokens') return [];
    const rate = price && rateOf(price, unit);
    if (rate === 'unbilled') return [];
    const about = { model_provider, model_name, component };
    if (rate !== undefined) return [{ metric: 'lk_agents_cost_usd_total', labels: about, factor: rate }];
    return [{ metric: 'lk_agents_cost_unpriced_usage_total', labels: { ...about, unit }, factor: 1 }];
  }
}
