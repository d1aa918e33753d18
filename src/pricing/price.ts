import type { BillableUnit } from '../catalogue/labels.ts';
import { measureOf, type Rates, standIns } from './units.ts';

/** Where a price comes from, in the order in which they are asked. */
export type PriceSource = 'user' | 'builtin' | 'library';

/** What a model costs. */
export interface Price {
  /** Dollars for one of a unit. */
  readonly rates: Rates;
  /** Whether no usage of it costs anything. */
  readonly free?: boolean;
  readonly source: PriceSource;
  /** The entry that was found, as `provider/model`. */
  readonly entry: string;
  /** The day of which the price is. */
  readonly dated?: string;
  /** The provider's page that it was read from. */
  readonly url?: string;
  readonly note?: string;
}

/**
 * Dollars for one of a unit; `unbilled`: the model is billed in another measure, so that this usage costs nothing on
 * top; undefined: it costs something, and the price does not say what.
 */
export function rateOf({ rates, free }: Price, unit: BillableUnit): number | 'unbilled' | undefined {
  if (free) return 0;
  for (let asked: BillableUnit | undefined = unit; asked; asked = standIns[asked]) {
    const rate = rates[asked];
    if (rate !== undefined) return rate;
  }
  const priced = Object.keys(rates) as BillableUnit[];
  return priced.some((other) => measureOf(other) === measureOf(unit)) ? undefined : 'unbilled';
}
