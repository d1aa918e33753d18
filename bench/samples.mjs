import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { gateway } from '../build/catalogue/gateway.js';
import { catalogue } from '../build/catalogue/metrics.js';
import { find } from '../test/stack/servers.mjs';
import { atMost, megabytes } from './report.mjs';
import { compared, costOfRules, scrapedFleet, smallFleet } from './samples/fixture.mjs';
import { count, largeFleet, scrapedSeries } from './samples/fleet.mjs';
import { modelOf, total } from './samples/model.mjs';
import { seconds } from './samples/plan.mjs';

const root = join(import.meta.dirname, '..');
const hour = 3600;
const day = 24 * hour;
/** Samples that a board may ask for at 30 days of 1,000 workers. */
const limit = 50e6;
/** By how much the model may differ from what a real Prometheus counts. */
const tolerance = 0.05;

const million = (samples) => `${(samples / 1e6).toFixed(samples < 1e6 ? 2 : 1)} M`;

/**
 * How many samples Prometheus has to read for each board, and for the rules, by a model of a large fleet; whether a real Prometheus
 * counts as many for a small one; and what its rules cost it. It takes ten minutes. TALKGAUGE_BEFORE names a checkout of another version to compare with.
 */
export async function samples() {
  const before = process.env.TALKGAUGE_BEFORE;
  const after = boardsOf(root);
  const now = costs(after, [3 * hour, 7 * day, 30 * day]);
  const past = before ? costs(boardsOf(before), [30 * day]) : undefined;
  const deviations =
    find('prometheus') && find('promtool') ? await compared({ catalogue, gateway }, after, 3 * hour) : [];
  const worst = deviations.toSorted((one, other) => other.off - one.off)[0];
  const files = ['prometheus/rules', 'alerts'].map((folder) => join(root, folder, 'talkgauge.yml'));
  const rules = find('prometheus')
    ? await costOfRules({ catalogue, gateway }, files, scrapedFleet)
    : undefined;
  return {
    columns: [
      'board',
      ...(past ? ['30 days before'] : []),
      '30 days',
      '7 days',
      '3 hours',
      'refresh',
      'its panel with most at 30 days',
    ],
    rows: now.map(({ name, refresh, totals: [short, week, month], most }) => [
      name,
      ...(past ? [million(past.find((board) => board.name === name).totals[0])] : []),
      ...[month, week, short].map(million),
      refresh || 'none',
      `${most.panel}: ${million(most.samples)}`,
    ]),
    notes: [
      `Samples of one refresh, all panels and marks, with all filters on All, of ${largeFleet.workers} workers of ${largeFleet.agents} agents ` +
        `in ${largeFleet.versions} versions, with ${largeFleet.models} models of each kind, scraped every ${largeFleet.scrape} s.`,
      'A model counts them as Prometheus does (totalQueryableSamples); every value that a label may have is there on every worker.',
      worst
        ? `A real Prometheus with ${smallFleet.workers} workers counts what the model says of them: it differs most for ${worst.name} ` +
          `at three hours, ${worst.counted} samples and ${Math.round(worst.modelled)} by the model.`
        : 'Prometheus is missing, so that the model was not compared with it.',
      ...[largeFleet, scrapedFleet].map((fleet) => readByRules(after, fleet)),
      ...(rules ? ruleCostNotes(rules) : []),
    ],
    goals: [
      atMost(
        'samples of a board at 30 days of 1,000 workers, the largest',
        Math.max(...now.map(({ totals }) => totals.at(-1))),
        limit,
        million,
      ),
    ],
    checks: [
      ...(worst
        ? [
            [
              `the model differs from Prometheus by less than ${100 * tolerance} % on every board`,
              worst.off < tolerance,
            ],
          ]
        : []),
      ...(rules ? [['no rule fails', rules.withRules.failures === 0]] : []),
    ],
  };
}

/** How many samples rules read in a minute, and how many series they record, by the model. */
function readByRules({ groups, alerts }, fleet) {
  const { known, samplesOf } = modelOf({ catalogue, gateway }, groups, fleet);
  const perMinute = [...groups, ...alerts].map(({ name, interval, rules }) => {
    const targets = rules.map(({ expr }) => ({ expr, instant: true, datasource: { type: 'prometheus' } }));
    const once = total(samplesOf({ panels: [{ title: name, targets }], templating: { list: [] } }, 60));
    return { name, samples: (once * 60) / seconds(interval) };
  });
  const scraped = scrapedSeries({ catalogue, gateway }, fleet);
  const series = (names) => names.reduce((sum, name) => sum + count(known.get(name), fleet), 0);
  const recorded = new Set(groups.flatMap(({ rules }) => rules.map(({ record }) => record)));
  const [most] = perMinute.toSorted((one, other) => other.samples - one.samples);
  const rules = [...groups, ...alerts].reduce((sum, group) => sum + group.rules.length, 0);
  return (
    `Of ${fleet.workers} workers, the ${rules} rules read ${million(total(perMinute))} samples a minute (${most.name}: ` +
    `${million(most.samples)}), and record ${series([...recorded])} series beside ${series([...scraped.keys()])} that are scraped.`
  );
}

/** What a real Prometheus took for its rules. */
const ruleCostNotes = ({ version, cpu, without, withRules }) => [
  `Prometheus ${version} with ${scrapedFleet.workers} workers took ${cpu.rules.toFixed(2)} s of processor time a minute for the rules, and ` +
    `${cpu.without.toFixed(2)} s for scraping them. With the rules it held ${withRules.series} series in ${megabytes(withRules.memory)}, ` +
    `without them ${without.series} in ${megabytes(without.memory)}. It had run for nine minutes: longer windows were not full yet.`,
];

/** The boards and rules of a checkout. */
function boardsOf(checkout) {
  const read = (file) => readFileSync(join(checkout, file), 'utf8');
  return {
    groups: parse(read('prometheus/rules/talkgauge.yml')).groups,
    alerts: parse(read('alerts/talkgauge.yml')).groups,
    boards: readdirSync(join(checkout, 'dashboards'))
      .filter((file) => file.endsWith('.json'))
      .map((file) => ({ name: file.replace('.json', ''), board: JSON.parse(read(`dashboards/${file}`)) })),
  };
}

/** The samples of each board over ranges, and its panel that takes most of the last of them. */
function costs({ boards, groups }, ranges) {
  const { samplesOf } = modelOf({ catalogue, gateway }, groups, largeFleet);
  return boards.map(({ name, board }) => {
    const byRange = ranges.map((range) => samplesOf(board, range));
    const panels = new Map();
    for (const { panel, samples } of byRange.at(-1)) panels.set(panel, (panels.get(panel) ?? 0) + samples);
    const [panel, samples] = [...panels].toSorted(([, one], [, other]) => other - one)[0];
    return { name, refresh: board.refresh, totals: byRange.map(total), most: { panel, samples } };
  });
}
