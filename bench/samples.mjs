import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { gateway } from '../dist/catalogue/gateway.js';
import { catalogue } from '../dist/catalogue/metrics.js';
import { find } from '../test/stack/servers.mjs';
import { atMost } from './report.mjs';
import { compared, smallFleet } from './samples/fixture.mjs';
import { largeFleet } from './samples/fleet.mjs';
import { modelOf, total } from './samples/model.mjs';

const root = join(import.meta.dirname, '..');
const hour = 3600;
const day = 24 * hour;
/** Samples that a board may ask for at 30 days of 1,000 workers. */
const limit = 50e6;
/** By how much the model may differ from what a real Prometheus counts. */
const tolerance = 0.05;

const million = (samples) => `${(samples / 1e6).toFixed(samples < 1e6 ? 2 : 1)} M`;

/**
 * How many samples Prometheus has to read for each board, by a model of a large fleet, and whether a real Prometheus counts as many
 * for a small one. EARSHOT_BEFORE names a checkout of another version to compare with.
 */
export async function samples() {
  const before = process.env.EARSHOT_BEFORE;
  const after = boardsOf(root);
  const now = costs(after, [3 * hour, 7 * day, 30 * day]);
  const past = before ? costs(boardsOf(before), [30 * day]) : undefined;
  const deviations = [];
  for (const range of find('prometheus') && find('promtool') ? [3 * hour, 7 * day] : []) {
    deviations.push(...(await compared({ catalogue, gateway }, after, range)));
  }
  const worst = deviations.toSorted((one, other) => other.off - one.off)[0];
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
          `at ${worst.range / hour} h, ${worst.counted} samples and ${Math.round(worst.modelled)} by the model.`
        : 'Prometheus is missing, so that the model was not compared with it.',
    ],
    goals: [
      atMost(
        'samples of a board at 30 days of 1,000 workers, the largest',
        Math.max(...now.map(({ totals }) => totals.at(-1))),
        limit,
        million,
      ),
    ],
    checks: worst
      ? [
          [
            `the model differs from Prometheus by less than ${100 * tolerance} % on every board`,
            worst.off < tolerance,
          ],
        ]
      : [],
  };
}

/** The boards and rules of a checkout. */
function boardsOf(checkout) {
  const read = (file) => readFileSync(join(checkout, file), 'utf8');
  return {
    groups: parse(read('prometheus/rules/earshot.yml')).groups,
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
