/** The filters of the list, as in its address: the parameters of the API, and `since`. */

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

/** The known filters of an address, each once and in a fixed order, so that equal filters have equal addresses. */
export function readFilters(params: URLSearchParams): URLSearchParams {
  const read = new URLSearchParams();
  for (const name of names) {
    const value = params.getAll(name).join(',').trim();
    if (value !== '' && !(name === 'sort' && value === defaultSort)) read.set(name, value);
  }
  return read;
}

/** Filters with one of them changed; `undefined` or an empty value removes it. */
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

/** Whether the list is filtered; a sort order is no filter. */
export const isFiltered = (filters: URLSearchParams): boolean =>
  [...filters.keys()].some((name) => name !== 'sort');

/** The address of the list with these filters. */
export const addressOf = (filters: URLSearchParams): string => {
  // A comma needs no escape in a query, and is easier to read without.
  const query = filters.toString().replaceAll('%2C', ',');
  return query === '' ? '/' : `/?${query}`;
};

const units: Readonly<Record<string, number>> = { m: 60, h: 3600, d: 86_400 };

/** The query for the API. `since`, a time before now (`90m`, `24h`, `7d`), is converted to `from`. */
export function apiQueryOf(filters: URLSearchParams, now: number): URLSearchParams {
  const query = new URLSearchParams(filters);
  const [, count, unit = ''] = query.get('since')?.match(/^(\d{1,6})([mhd])$/) ?? [];
  query.delete('since');
  if (count !== undefined) query.set('from', String(Math.floor(now - Number(count) * (units[unit] ?? 0))));
  return query;
}

/** The sort order after a click on a column header: descending first (agents: ascending), then the reverse. */
export function nextSort(sort: string, key: string): string {
  if (sort === `-${key}`) return key;
  if (sort === key) return `-${key}`;
  return key === 'agent' ? key : `-${key}`;
}
