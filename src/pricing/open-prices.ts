import { type Derivation, type Observation, observation } from '../catalogue/observation.ts';
import { OptionError } from '../options.ts';
import { CostDerivation } from './cost.ts';
import { watchForChange } from './file-watch.ts';
import { builtIn } from './list/built-in.ts';
import { PriceBook } from './price-book.ts';
import { type PriceFile, readPriceFile } from './price-file.ts';

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
      derivation.use(bookOf(readPriceFile(changed)));
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
