import { queriesOf } from './boards.mjs';
import { scrapedSeries } from './fleet.mjs';
import { createPlan, withRecorded } from './plan.mjs';

/** The samples of a board's queries, of a fleet of which these series are scraped and recorded. */
export function modelOf(specs, groups, fleet) {
  const known = withRecorded(scrapedSeries(specs, fleet), groups, fleet);
  const plan = createPlan(known, fleet);
  return {
    known,
    samplesOf: (board, range) =>
      queriesOf(board, range).map((query) => ({ ...query, samples: plan.samples(query.expr, query.steps) })),
  };
}

/** The samples of queries together. */
export const total = (queries) => queries.reduce((sum, { samples }) => sum + samples, 0);
