import { expect, test } from 'vitest';
import { largeFleet } from '../../../bench/samples/fleet.mjs';
import { modelOf, total } from '../../../bench/samples/model.mjs';
import { seconds } from '../../../bench/samples/plan.mjs';
import { gateway } from '../../../src/catalogue/gateway.ts';
import { catalogue } from '../../../src/catalogue/metrics.ts';
import { dashboards } from '../../../src/monitoring/boards/index.ts';
import { alertingGroups, recordingGroups } from '../../../src/monitoring/rules/index.ts';
import { settingsOf } from '../../../src/monitoring/settings.ts';

const day = 86_400;

// test/stack/samples.stack.ts compares this model with a real Prometheus.
const model = (settings = settingsOf('standard')) =>
  modelOf({ catalogue, gateway }, recordingGroups(settings), largeFleet);

/** A board of one panel, as wide as half the screen. */
const board = (expr: string, instant = false) => ({
  panels: [
    {
      title: 'Panel',
      maxDataPoints: 360,
      interval: '1m',
      targets: [{ expr, instant, datasource: { type: 'prometheus' } }],
    },
  ],
  templating: { list: [] },
});

test.each(
  Object.entries({
    standard: settingsOf('standard'),
    'a label of the user': settingsOf('strict', { labels: ['region'] }),
  }),
)('at 30 days of 1,000 workers no board asks for more than 50 million samples: %s', (_, settings) => {
  const { samplesOf } = model(settings);
  const heavy = dashboards(settings)
    .map(({ name, dashboard }) => [name, total(samplesOf(dashboard, 30 * day))] as const)
    .filter(([, samples]) => samples > 50e6);
  expect(heavy).toEqual([]);
});

test.each([
  // 360 points over 30 days: a step of two hours, and 361 points.
  ['a gauge of each worker', 'lk_agents_worker_load', false, 1000 * 361],
  // 30 days of scrapes every 15 s.
  ['a counter over all of it', 'sum(increase(lk_agents_handoffs_total[$__range]))', true, 1000 * 172_800],
  // 5 agents with 2 versions, each recorded once a minute; two of three outcomes, two for tools.
  [
    'recorded rates of two outcomes',
    'sum(sum_over_time(agent:lk_agents_turns:rate5m{outcome=~"completed|interrupted"}[$__range]))',
    true,
    10 * 2 * 2 * 43_200,
  ],
  // The window of each point is a step plus a scrape interval: 7,215 s of samples every 15 s.
  ['a rate', 'rate(lk_agents_handoffs_total[$__rate_interval])', false, 1000 * 361 * 481],
  // Prometheus evaluates it once and counts it at each point.
  ['a window at the end', 'last_over_time(lk_agents_worker_load[1d] @ end())', false, 1000 * 5760 * 361],
  // Counts the points of the subquery, and not the samples that they are computed from.
  ['a subquery', 'max_over_time(sum(lk_agents_worker_load)[1d:5m])', true, 288],
  ['exemplars, of times to come', 'sum(lk_agents_worker_load offset -10y)', false, 0],
])('%s takes as many samples as counted by hand', (_, expr, instant, samples) => {
  expect(total(model().samplesOf(board(expr, instant), 30 * day))).toBe(samples);
});

test('the rules of 1,000 workers read at most 100 million samples a minute', () => {
  const settings = settingsOf('standard');
  const { samplesOf } = model(settings);
  const perMinute = [...recordingGroups(settings), ...alertingGroups(settings)].map(({ interval, rules }) => {
    const targets = rules.map(({ expr }) => ({ expr, instant: true, datasource: { type: 'prometheus' } }));
    return (total(samplesOf({ ...board(''), panels: [{ targets }] }, 60)) * 60) / seconds(interval);
  });
  const samples = perMinute.reduce((sum, each) => sum + each, 0);
  // rate() over five minutes reads 20 samples of each of some 2,000 series per worker.
  expect(samples).toBeGreaterThan(2000 * 1000 * 20);
  expect(samples).toBeLessThan(100e6);
});

test('a series that is neither scraped nor recorded is an error', () => {
  expect(() => model().samplesOf(board('lk_agents_worker_loads'), day)).toThrow(
    'does not know lk_agents_worker_loads',
  );
});
