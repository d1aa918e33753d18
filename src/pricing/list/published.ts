import type { PublishedPrices } from '../units.ts';

/** Prices that one page of a provider tells. */
export interface Page {
  url: string;
  /** The day on which it said so. */
  dated: string;
  note?: string;
  /** By `provider/model`; `*` stands for any text. `free`: none of its usage is billed by itself. */
  models: Readonly<Record<string, PublishedPrices | 'free'>>;
}
