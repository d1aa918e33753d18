/** The list's filters, as they are in its address: by the names of the API, and one of its own, `since`. */

const lists = ['agent', 'version', 'status', 'closeReason', 'tag', 'has', 'lacks'] as const;
const figures = ['from', 'to', 'minDuration', 'maxDuration', 'minLatencyP95'] as const;
const flags = ['toolErrors', 'interrupted', 'redacted'] as const;
const own = ['since', 'sort'] as const;

export type ListFilter = (typeof lists)[number];
export type FigureFilter = (typeof figures)[number];
export type FlagFilter = (typeof flags)[number];
type Name = ListFilter | FigureFilter | FlagFilter | (typeof own)[number] | 'q' | 'roomName';

const names: readonly Name[] = ['q', 'roomName', ...lists, ...figures, ...flags, ...own];

export const defaultSort = '-start';

/** What of an address the list knows, each once and in one order, so that equal filters make equal addresses. */
export function readFilters(params: URLSearchParams): URLSearchParams {
  const read = new URLSearchParams();
  for (const name of names) {
    const value = params.getAll(name).join(',').trim();
    if (value !== '' && !(name === 'sort' && value === defaultSort)) read.set(name, value);
  }
  return read;
}

/** Filters with one of them changed; `undefined` or nothing takes it out. */
export function withFilter(
  filters: URLSearchParams,
  name: Name,
  value: string | readonly string[] | undefined,
): URLSearchParams {
  const changed = new URLSearchParams(filters);
  const text = [value ?? []].flat().join(',');
  if (text === '') changed.delete(name);
  else changed.set(name, text);
  return readFilters(changed);
}

export const valuesOf = (filters: URLSearchParams, name: ListFilter): string[] =>
  (filters.get(name) ?? '').split(',').filter((value) => value !== '');

/** Whether anything is left out of the list; an order leaves nothing out. */
export const isFiltered = (filters: URLSearchParams): boolean =>
  [...filters.keys()].some((name) => name !== 'sort');

/** The address of the list with these filters. */
export const addressOf = (filters: URLSearchParams): string => {
  // A comma needs no escape in a query, and is easier to read without.
  const query = filters.toString().replaceAll('%2C', ',');
  return query === '' ? '/' : `/?${query}`;
};

const units: Readonly<Record<string, number>> = { m: 60, h: 3600, d: 86_400 };

/** What the API is asked for. `since` is a time before now (`90m`, `24h`, `7d`), which it does not know. */
export function apiQueryOf(filters: URLSearchParams, now: number): URLSearchParams {
  const query = new URLSearchParams(filters);
  const [, count, unit = ''] = query.get('since')?.match(/^(\d{1,6})([mhd])$/) ?? [];
  query.delete('since');
  if (count !== undefined) query.set('from', String(Math.floor(now - Number(count) * (units[unit] ?? 0))));
  return query;
}

/** The sort that a click on a column's head asks for: large figures and recent times first, then the other way round. */
export function nextSort(sort: string, key: string): string {
  if (sort === `-${key}`) return key;
  if (sort === key) return `-${key}`;
  return key === 'agent' ? key : `-${key}`;
}
