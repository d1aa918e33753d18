import { statSync } from 'node:fs';
import type { BillableUnit } from '../catalogue/labels.ts';
import { type Derivation, type Derived, type Observation, observation } from '../catalogue/observation.ts';
import { OptionError } from '../options.ts';
import { builtIn } from './built-in-prices.ts';
import { rateOf } from './price.ts';
import { PriceBook } from './price-book.ts';
import { type PriceFile, readPriceFile } from './price-file.ts';

/** How often a price is looked up again, in milliseconds: some of the library's change with the day or the hour. */
const lookupIntervalMs = 3600 * 1000;

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
  setPrices(book: PriceBook): void {
    this.#book = book;
    this.#changes++;
  }

  get revision(): number {
    return this.#changes + Math.floor(this.#now() / lookupIntervalMs);
  }

  of(labels: Readonly<Record<string, string>>): readonly Derived[] {
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

/** What tells one state of a file from the next; that it is missing is one, too. */
function stateOf(file: string): string {
  try {
    const { ino, size, mtimeMs } = statSync(file);
    return `${ino} ${size} ${mtimeMs}`;
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}

/**
 * Calls `changed` when a file has changed since this call. Returns what stops the watching, which keeps no process
 * alive.
 *
 * Polls, as for certificates: a mounted ConfigMap changes by the exchange of a symbolic link. Not with `watchFile`,
 * which looks for the first time some moments later, and misses what happens until then.
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
  /** How often the file is looked at for a change, in milliseconds. @default 10000 */
  reloadMs?: number;
  /** Told of each change of the file: `ok`, or `failed` for one that cannot be used. */
  onReload?: (result: 'ok' | 'failed') => void;
  /** Takes a warning, one line each. @default console.warn */
  log?: (message: string) => void;
}

/** Prices that a recorder takes; see `RecorderOptions`. */
export interface Prices {
  readonly derivation: Derivation;
  /** Of which day the prices are. */
  states(): Observation[];
  /** Ends looking at the file. */
  close(): void;
}

/**
 * Opens the prices that usage is to be priced with. When the file changes, what is counted from then on is priced
 * anew; one that cannot be used any more is reported, and the prices before it stay.
 *
 * @throws {OptionError} if there is a file and it cannot be used
 */
export function openPrices(options: PricesOptions = {}): Prices {
  const { file, option = 'prices', reloadMs = 10_000, onReload = () => {}, log = console.warn } = options;
  // From before it is read, so that no change is missed.
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
      log(`The prices stay as they were: ${(error as Error).message}`);
      onReload('failed');
    }
  };
  let derivation: CostDerivation;
  try {
    derivation = new CostDerivation(file === undefined ? new PriceBook() : bookOf(readPriceFile(file)));
  } catch (error) {
    close();
    throw new OptionError(
      `${option}=${JSON.stringify(file)} cannot be used: ${(error as Error).message}. Mend it, or leave it out.`,
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
