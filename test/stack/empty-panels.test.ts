import { expect, test } from 'vitest';
import { reasons } from './empty-panels.ts';
import { panelQueries, rangeOf } from './panels.ts';

test('the list of queries that may be empty names existing boards, panels and queries', () => {
  const queries = panelQueries(rangeOf(0, 3600));
  const known = new Set(
    queries.flatMap(({ board, panel, ref }) => [
      `${board}: *`,
      `${board}: ${panel}`,
      `${board}: ${panel}/${ref}`,
    ]),
  );
  const listed = Object.entries(reasons).flatMap(([board, panels]) =>
    Object.keys(panels).map((panel) => `${board}: ${panel}`),
  );
  expect(listed.filter((entry) => !known.has(entry))).toEqual([]);
  expect(listed.length).toBeGreaterThan(10);
});
