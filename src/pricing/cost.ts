import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { BillableUnit } from '../catalogue/labels.ts';
import {
  type Derivation,
  type DerivedSeries,
  type Observation,
  observation,
} from '../catalogue/observation.ts';
import { OptionError } from '../options.ts';
import { packagePath } from '../package.ts';
import { builtIn } from './built-in-prices.ts';
import { rateOf } from './price.ts';
import { PriceBook } from './price-book.ts';
import type { PriceFile } from './price-file.ts';

/** How often prices are looked up again, in milliseconds: some prices of the library change with the day or hour. */
const lookupIntervalMs = 3600 * 1000;

/**
 * Derives cost from usage. Usage of a model with a known price adds to its cost. Usage without a known price, and token kinds
 * that a price does not include, add to unpriced usage. Units in which the model is not billed add to neither.
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

  /** Replaces the prices. Usage that is counted from now on is priced with them. */
  setPrices(book: PriceBook): void {
    this.#book = book;
    this.#changes++;
  }

  get revision(): number {
    return this.#changes + Math.floor(this.#now() / lookupIntervalMs);
  }

  of(labels: Readonly<Record<string, string>>): readonly DerivedSeries[] {
    const { model_provider = '', model_name = '', component = '' } = labels;
    const unit = labels.unit as BillableUnit;
    const price = this.#book.find(model_provider, model_name);
    // The same audio is already counted as unpriced.
    if (!price && unit === 'audio_seconds_without_tokens') return [];
    const rate = price && rateOf(price, unit);
    if (rate === 'unbilled') return [];
    const about = { model_provider, model_name, component };
    if (rate !== undefined) return [{ metric: 'lk_agents_cost_usd_total', labels: about, factor: rate }];
    return [{ metric: 'lk_agents_cost_unpriced_usage_total', labels: { ...about, unit }, factor: 1 }];
  }
}

/** Loaded when there is a file, and at once: most jobs have none, and `price-file.ts` with its packages is large. */
const readPriceFile = (file: string): PriceFile => {
  const load = createRequire(import.meta.url);
  return (load(packagePath('dist/price-file.cjs')) as typeof import('./price-file.ts')).readPriceFile(file);
};

/** Identifies the state of a file, including that it is missing. */
function stateOf(file: string): string {
  try {
    const { ino, size, mtimeMs } = statSync(file);
    return `${ino} ${size} ${mtimeMs}`;
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}

/**
 * Calls `changed` when a file has changed since this call. Returns a function that stops watching. Watching does not
 * keep the process alive.
 *
 * Polls, as for certificates: a mounted ConfigMap changes by the exchange of a symbolic link. Not with `watchFile`,
 * which checks the file for the first time some time later and misses changes until then.
 */
export function watchForChange(file: string, intervalMs: number, changed: () => void): () => void {
  let state = stateOf(file);
  const timer = setInterval(() => {
    const current = stateOf(file);
    if (current === state) return;
    state = current;
    changed();
  }, intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** Names the user's price file where no option does. */
export const pricesVariable = 'TALKGAUGE_PRICES';

export interface PricesOptions {
  /** The user's price file. @default the built-in prices and the library's */
  file?: string;
  /** The name under which the user gave the file, for messages. @default prices */
  option?: string;
  /** How often the file is checked for changes, in milliseconds. @default 10000 */
  reloadMs?: number;
  /** Called for each change of the file: with `ok`, or `failed` if it cannot be used. */
  onReload?: (result: 'ok' | 'failed') => void;
  /** Takes a warning, one line each. @default console.warn */
  log?: (message: string) => void;
}

/** Prices for a recorder; see `RecorderOptions`. */
export interface Prices {
  readonly derivation: Derivation;
  /** The dates of the prices. */
  states(): Observation[];
  /** Stops watching the file. */
  close(): void;
}

/**
 * Loads prices. When the file changes, usage that is counted from then on is priced with the new prices. If the new
 * file cannot be used, this is reported and the old prices stay in use.
 *
 * @throws {OptionError} if there is a file and it cannot be used
 */
export function openPrices(options: PricesOptions = {}): Prices {
  const { file, option = 'prices', reloadMs = 10_000, onReload = () => {}, log = console.warn } = options;
  // Starts before the file is read, so that no change is missed.
  const close = file === undefined ? () => {} : watchForChange(file, reloadMs, () => reload(file));
  let dated: string | undefined;
  const bookOf = ({ dated: day, entries }: PriceFile) => {
    dated = day;
    return new PriceBook({ entries });
  };
  const reload = (changed: string) => {
    try {
      derivation.setPrices(bookOf(readPriceFile(changed)));
      onReload('ok');
    } catch (error) {
      log(`The old prices stay in use: ${(error as Error).message}`);
      onReload('failed');
    }
  };
  let derivation: CostDerivation;
  try {
    derivation = new CostDerivation(file === undefined ? new PriceBook() : bookOf(readPriceFile(file)));
  } catch (error) {
    close();
    throw new OptionError(
      `${option}=${JSON.stringify(file)} cannot be used: ${(error as Error).message}. Fix the file, or omit the option.`,
    );
  }
  return {
    derivation,
    states() {
      const shown = [timestamp('builtin', builtIn.dated)];
      if (dated !== undefined) shown.push(timestamp('user', dated));
      return shown;
    },
    close,
  };
}

const timestamp = (source: 'user' | 'builtin', dated: string): Observation =>
  observation('talkgauge_price_file_timestamp_seconds', { source }, Date.parse(dated) / 1000);
