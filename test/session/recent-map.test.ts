import { expect, test } from 'vitest';
import { RecentMap } from '../../src/session/recent-map.ts';

test('the oldest entry is evicted when the map is full', () => {
  const map = new RecentMap<string, number>(2);
  map.set('a', 1);
  map.set('b', 2);
  map.set('c', 3);
  expect(['a', 'b', 'c'].map((key) => map.get(key))).toEqual([undefined, 2, 3]);
  expect(['a', 'b', 'c'].map((key) => map.has(key))).toEqual([false, true, true]);
});

test('setting an existing entry does not evict another', () => {
  const map = new RecentMap<string, number>(2);
  map.set('a', 1);
  map.set('a', 2);
  map.set('b', 3);
  expect(map.get('a')).toBe(2);
});
