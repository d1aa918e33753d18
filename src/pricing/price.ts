import type { BillableUnit } from '../catalogue/labels.ts';

/** A field of a price, as providers publish prices: dollars for `per` of a unit. */
interface PriceField {
  unit: BillableUnit;
  per: number;
  /** The unit in documentation. */
  description: string;
}

const tokens = (unit: BillableUnit, reads: string): PriceField => ({
  unit,
  per: 1e6,
  description: `1M ${reads}`,
});

/** All fields that a price may have. */
export const priceFields = {
  input_per_million: tokens('input_tokens', 'input tokens of text'),
  cached_input_per_million: tokens('cached_input_tokens', 'input tokens of text from the cache'),
  cache_write_per_million: tokens('cache_write_tokens', 'input tokens written to the cache'),
  output_per_million: tokens('output_tokens', 'output tokens of text'),
  input_audio_per_million: tokens('input_audio_tokens', 'input tokens of audio'),
  cached_input_audio_per_million: tokens('cached_input_audio_tokens', 'input tokens of audio from the cache'),
  output_audio_per_million: tokens('output_audio_tokens', 'output tokens of audio'),
  input_image_per_million: tokens('input_image_tokens', 'input tokens of images'),
  cached_input_image_per_million: tokens(
    'cached_input_image_tokens',
    'input tokens of images from the cache',
  ),
  output_image_per_million: tokens('output_image_tokens', 'output tokens of images'),
  characters_per_thousand: { unit: 'characters', per: 1e3, description: '1k characters' },
  characters_per_million: { unit: 'characters', per: 1e6, description: '1M characters' },
  audio_per_minute: { unit: 'audio_seconds', per: 60, description: 'minute of audio' },
  audio_per_hour: { unit: 'audio_seconds', per: 3600, description: 'hour of audio' },
  audio_without_tokens_per_minute: {
    unit: 'audio_seconds_without_tokens',
    per: 60,
    description: 'minute of audio, where no tokens are reported',
  },
  session_per_minute: { unit: 'session_seconds', per: 60, description: 'minute of connection' },
  session_per_hour: { unit: 'session_seconds', per: 3600, description: 'hour of connection' },
  requests_per_thousand: { unit: 'requests', per: 1e3, description: '1k requests' },
} as const satisfies Record<string, PriceField>;

export type PriceFieldName = keyof typeof priceFields;

/** Prices in dollars, by field. */
export type PublishedPrices = { readonly [F in PriceFieldName]?: number };

export type Rates = { readonly [U in BillableUnit]?: number };

export const isPriceField = (name: string): name is PriceFieldName => Object.hasOwn(priceFields, name);

/** Published prices as dollars for one of each unit. */
export function ratesOf(published: PublishedPrices): Rates {
  const rates: { [U in BillableUnit]?: number } = {};
  for (const [name, dollars] of Object.entries(published)) {
    if (!isPriceField(name) || dollars === undefined) continue;
    const { unit, per } = priceFields[name];
    rates[unit] = dollars / per;
  }
  return rates;
}

/** The inverse of `ratesOf`: each rate in the first field of its unit. */
export function publishedOf(rates: Rates): PublishedPrices {
  const published: { [F in PriceFieldName]?: number } = {};
  const done = new Set<BillableUnit>();
  for (const [name, { unit, per }] of Object.entries(priceFields)) {
    const rate = rates[unit];
    if (rate === undefined || done.has(unit)) continue;
    done.add(unit);
    // A division and a multiplication may leave 0.15000000000000002 of 0.15.
    published[name as PriceFieldName] = Number((rate * per).toPrecision(12));
  }
  return published;
}

/**
 * The measure that a unit belongs to. A model that is billed in one measure is not billed in the others; a model
 * that is billed in tokens must have a price for each kind of them. `audio_seconds_without_tokens` stands for
 * tokens that a plugin does not report.
 */
export const billingMeasure = (unit: BillableUnit): string => (unit.endsWith('_tokens') ? 'tokens' : unit);

/** The unit whose price applies to a unit without a price. By all public price lists, it is at least as expensive. */
export const fallbackUnits: { readonly [U in BillableUnit]?: BillableUnit } = {
  cached_input_tokens: 'input_tokens',
  cache_write_tokens: 'input_tokens',
  cached_input_audio_tokens: 'input_audio_tokens',
  cached_input_image_tokens: 'input_image_tokens',
  input_image_tokens: 'input_tokens',
};

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
  for (let asked: BillableUnit | undefined = unit; asked; asked = fallbackUnits[asked]) {
    const rate = rates[asked];
    if (rate !== undefined) return rate;
  }
  const priced = Object.keys(rates) as BillableUnit[];
  return priced.some((other) => billingMeasure(other) === billingMeasure(unit)) ? undefined : 'unbilled';
}

/** The prices that a page of a provider publishes. */
export interface PublishedPage {
  url: string;
  /** The day on which the page was read. */
  dated: string;
  note?: string;
  /** By `provider/model`; `*` stands for any text. `free`: its usage is not billed separately. */
  models: Readonly<Record<string, PublishedPrices | 'free'>>;
}

/** An entry of a price list. */
export interface PriceEntry {
  /** `provider/model`; in both, `*` stands for any text. */
  name: string;
  price: Price;
}
