import type { PriceBook } from '../../pricing/price-book.ts';
import type { Objects } from './objects.ts';

export interface SessionStoreOptions {
  directory: string;
  prices: PriceBook;
  /** Whether recordings of redacted sessions are kept. */
  keepRedactedAudio: boolean;
  /** A bucket for sessions that are over. @default they stay in the folder */
  objects?: Objects;
  /** Unix seconds. @default the system's clock */
  now?: () => number;
  /** @default console.warn */
  log?: (message: string) => void;
}
