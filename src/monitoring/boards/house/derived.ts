import { type Matchers, matchers, selector } from '../../promql/series.ts';

/**
 * A series that a recording rule derives. The board's filters do not apply of themselves, because it may have lost
 * their labels; what it is narrowed by is said here.
 */
export const derived = (name: string, where: Matchers = {}): string => selector(name, matchers(where));
