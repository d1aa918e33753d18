import { expect, test } from 'vitest';
import { panelQueries, rangeOf } from './panels.ts';
import { reasons } from './silent.ts';

test('what may be empty names boards, panels and queries that there are', () => {
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
