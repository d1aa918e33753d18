import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { listQuerySchema } from '../../../src/gateway/api/schema.ts';
import {
  addressOf,
  apiQueryOf,
  isFiltered,
  nextSort,
  readFilters,
  valuesOf,
  withFilter,
} from '../../../src/web/list/filters.ts';

const read = (query: string) => readFilters(new URLSearchParams(query));

describe('filters in the URL', () => {
  test.each([
    ['', '/'],
    ['sort=-start', '/'],
    ['sort=-cost&q=my+parcel', '/?q=my+parcel&sort=-cost'],
    ['agent=a&agent=b', '/?agent=a,b'],
    ['agent=a,b&nonsense=1&status=', '/?agent=a,b'],
    ['since=24h&toolErrors=true', '/?toolErrors=true&since=24h'],
  ])('?%s leads to %s', (query, address) => expect(addressOf(read(query))).toBe(address));

  test('are unchanged after a round trip through the URL', () => {
    fc.assert(
      fc.property(fc.webQueryParameters(), fc.string(), fc.array(fc.string()), (query, words, agents) => {
        const filters = withFilter(withFilter(read(query), 'q', words), 'agent', agents);
        const again = readFilters(new URL(addressOf(filters), 'http://host').searchParams);
        expect([...again]).toEqual([...filters]);
      }),
    );
  });
});

test('a filter is set, changed and removed', () => {
  const set = withFilter(read('sort=cost'), 'status', ['live', 'lost']);
  expect(valuesOf(set, 'status')).toEqual(['live', 'lost']);
  expect(isFiltered(set)).toBe(true);
  const out = withFilter(set, 'status', []);
  expect([out.toString(), isFiltered(out)]).toEqual(['sort=cost', false]);
});

describe('the query for the API', () => {
  test.each([
    ['since=90m', 'from=994600'],
    ['since=24h', 'from=913600'],
    ['since=7d', 'from=395200'],
    ['since=soon', ''],
  ])('?%s is %s at 1000000', (query, asked) =>
    expect(apiQueryOf(read(query), 1_000_000).toString()).toBe(asked),
  );

  test('contains every filter of the list', () => {
    const all =
      'q=w&roomName=r&agent=a&version=1&status=live&closeReason=c&tag=t&has=audio&lacks=trace&from=1&to=2&minDuration=3' +
      '&maxDuration=4&minLatencyP95=5&toolErrors=true&interrupted=false&redacted=true&sort=cost';
    const asked = apiQueryOf(read(all), 0);
    expect([...asked.keys()].length).toBe(18);
    expect(listQuerySchema.safeParse(Object.fromEntries(asked)).success).toBe(true);
  });
});

test.each([
  ['-start', 'cost', '-cost'],
  ['-cost', 'cost', 'cost'],
  ['cost', 'cost', '-cost'],
  ['-start', 'agent', 'agent'],
  ['agent', 'agent', '-agent'],
])('sorted by %s, a click on %s sorts by %s', (sort, key, next) => expect(nextSort(sort, key)).toBe(next));
