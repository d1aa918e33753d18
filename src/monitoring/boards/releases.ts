import { percent } from '../markdown.ts';
import type { Matchers } from '../promql/series.ts';
import { failedReasons } from '../rules/slo.ts';
import {
  comparisonResult,
  failing,
  firstSeen,
  isNew,
  present,
  siblingMeasures,
  slower,
  versionMeasures,
} from '../rules/versions.ts';
import type { BoardContext, BoardSpec } from './panels/board.ts';
import { stat } from './panels/charts.ts';
import type { PanelBuilder } from './panels/panel.ts';
import { noTurns, recordedSeries } from './panels/queries.ts';
import { table } from './panels/table.ts';
import { comparisonTexts } from './panels/thresholds.ts';
import { comparison, history, latencyAndTraffic } from './releases/comparisons.ts';

/** Versions against each other and against the past. */
export const releases: BoardSpec = {
  name: 'releases',
  description:
    'Is the new version better or worse than the others, by how much, and should it be rolled back?',
  from: 'now-24h',
  rows: (context) => [
    { panels: newVersions(context) },
    { panels: [versions(context)] },
    { panels: latencyAndTraffic(context) },
    { title: 'Version against version', panels: comparison(context) },
    { title: 'Against yesterday and last week', panels: history(context) },
    { title: 'Contribution by version to errors', panels: [contributions(context)] },
  ],
};

type Measure = keyof typeof versionMeasures;

/** The versions that the reader has chosen. */
const chosen: Matchers = { agent_name: { re: '$agent' }, agent_version: { re: '$version' } };

/** A recorded series of versions, without its name, so that columns of a table meet. */
const ofVersions = (name: string): string =>
  `max by (agent_name, agent_version) (${recordedSeries(name, chosen)})`;

/** A measure of each version over the last hour. */
const measureOf = (measure: Measure): string => ofVersions(versionMeasures[measure]);

/** The p95 against that of the other versions: 0.2 is a fifth slower. */
const slowdown = `${recordedSeries(versionMeasures.latency, chosen)} / ${siblingMeasures.latency} - 1`;

/** A share against that of the other versions: 0.05 is five of a hundred more. */
const excess = (measure: Exclude<Measure, 'latency'>): string =>
  `${recordedSeries(versionMeasures[measure], chosen)} - ${siblingMeasures[measure]}`;

/** Why there may be nothing to compare. */
const noSiblings = 'No two versions to compare, or no recording rules';

const legend = '{{agent_name}} {{agent_version}}';

/** The releases, and whether they regress. */
const newVersions = (_: BoardContext): PanelBuilder[] => [
  stat({
    title: 'Newest version',
    description: 'The version that was seen for the first time last, and when that was.',
    unit: 'dateTimeFromNow',
    width: 5,
    height: 5,
    empty: 'Needs the recording rules',
    text: 'value_and_name',
    targets: [
      { expr: `1000 * topk(1, ${recordedSeries(firstSeen, chosen)})`, legend: legend, as: 'instant' },
    ],
  }),
  stat({
    title: 'New versions compared',
    description: `How each version of the last day does against the others of its agent, in the last hour. Worse: a p95 more than ${slower.factor} times as long and ${1000 * slower.seconds} ms longer, or more than ${failing.factor} times as many failed sessions or tool calls and ${percent(failing.ratio)} of all more. Roll back a version that is worse.`,
    unit: 'short',
    width: 5,
    height: 5,
    empty: 'No new version runs beside another one',
    text: 'value_and_name',
    wording: comparisonTexts,
    targets: [
      {
        expr: `${recordedSeries(comparisonResult, chosen)} and on (agent_name, agent_version) ${isNew}`,
        legend: legend,
        as: 'instant',
      },
    ],
  }),
  stat({
    title: 'Slowest version compared with others',
    description:
      'The version whose p95 of the last hour is furthest above that of the other versions of its agent, and by how much.',
    unit: 'percentunit',
    width: 5,
    height: 5,
    decimals: 0,
    empty: noSiblings,
    text: 'value_and_name',
    limits: { warning: 0.1, bad: Number((slower.factor - 1).toFixed(6)) },
    next: 'latency',
    targets: [{ expr: `topk(1, ${slowdown})`, legend: legend, as: 'instant' }],
  }),
  stat({
    title: 'Most failing version compared with others',
    description:
      'The version with most failed sessions in the last hour beyond what the other versions of its agent have, in hundredths of all sessions.',
    unit: 'percentunit',
    width: 5,
    height: 5,
    decimals: 1,
    empty: noSiblings,
    text: 'value_and_name',
    limits: { warning: 0.5 * failing.ratio, bad: failing.ratio },
    targets: [{ expr: `topk(1, ${excess('sessionErrors')})`, legend: legend, as: 'instant' }],
  }),
  stat({
    title: 'Versions in service',
    description: 'How many versions report. An outdated version means that a worker was not upgraded.',
    unit: 'short',
    width: 4,
    height: 5,
    decimals: 0,
    empty: 'Needs the recording rules',
    next: 'workers',
    targets: [{ expr: `count(${recordedSeries(present, chosen)})`, as: 'instant' }],
  }),
];

/** Every version, and how it does against the others of its agent. */
function versions({ q, objectives }: BoardContext): PanelBuilder {
  const version = { by: ['agent_name', 'agent_version'] } as const;
  return table({
    title: 'Versions',
    description:
      'Every version in the last hour, beside how much better or worse it is than the other versions of its agent taken together. A dash: too few turns, sessions or calls, or no other version to compare with. Red is beyond chance.',
    width: 24,
    height: 9,
    empty: 'No agent reports: is Prometheus scraping the workers?',
    keys: [
      { label: 'agent_name', title: 'Agent', width: 130, link: { board: 'latency', variable: 'agent' } },
      {
        label: 'agent_version',
        title: 'Version',
        width: 130,
        link: { board: 'latency', variable: 'version' },
      },
    ],
    sortBy: 'First seen',
    columns: [
      {
        title: 'Verdict',
        unit: 'short',
        width: 80,
        expr: ofVersions(comparisonResult),
        wording: comparisonTexts,
      },
      { title: 'First seen', unit: 'dateTimeFromNow', width: 130, expr: `1000 * ${ofVersions(firstSeen)}` },
      {
        title: 'Sessions',
        unit: 'short',
        decimals: 0,
        expr: q.gauge('lk_agents_sessions_active', version),
      },
      {
        title: 'p95',
        unit: 's',
        limits: { bad: objectives.turnLatency.seconds },
        expr: measureOf('latency'),
      },
      {
        title: 'p95 vs. rest',
        unit: 'percentunit',
        decimals: 0,
        limits: { warning: 0.1, bad: Number((slower.factor - 1).toFixed(6)) },
        expr: slowdown,
      },
      {
        title: 'Failed',
        unit: 'percentunit',
        decimals: 1,
        limits: { bad: 1 - objectives.sessionSuccess.ratio },
        expr: measureOf('sessionErrors'),
      },
      {
        title: 'Failed vs. rest',
        unit: 'percentunit',
        decimals: 1,
        limits: { warning: 0.5 * failing.ratio, bad: failing.ratio },
        expr: excess('sessionErrors'),
      },
      {
        title: 'Tools failed',
        unit: 'percentunit',
        decimals: 1,
        limits: { bad: objectives.toolErrorRatio },
        expr: measureOf('toolErrors'),
      },
      {
        title: 'Tools vs. rest',
        unit: 'percentunit',
        decimals: 1,
        limits: { warning: 0.5 * failing.ratio, bad: failing.ratio },
        expr: excess('toolErrors'),
      },
    ],
  });
}

const e2e = 'lk_agents_turn_e2e_latency_seconds';

/** The share of each version in an agent's failures in the time range. */
function contributions({ q, objectives: { turnLatency } }: BoardContext): PanelBuilder {
  const version = { by: ['agent_name', 'agent_version'], window: '$__range' } as const;
  const failed = { ...version, where: { close_reason: { re: failedReasons } } } as const;
  const calls = { ...version, where: { outcome: 'error' } } as const;
  /** A version's share of all of its agent. */
  const share = (count: string) =>
    `(${count}) / on (agent_name) group_left () (sum by (agent_name) (${count}) > 0)`;
  const turns = share(q.count(e2e, version));
  const slow = share(`(${q.shareAbove(turnLatency.seconds, e2e, version)}) * (${q.count(e2e, version)})`);
  const column = { unit: 'percentunit', decimals: 0 } as const;
  return table({
    title: 'Contribution by version',
    description:
      'Of all turns, slow turns, failed sessions and failed tool calls of an agent in this time range, how many were of which version. Blame is the share of the slow turns over the share of the turns: at 1 a version is as slow as its agent, at 2 twice as often.',
    width: 24,
    height: 9,
    empty: noTurns,
    keys: [
      { label: 'agent_name', title: 'Agent', width: 160, link: { board: 'slo', variable: 'agent' } },
      {
        label: 'agent_version',
        title: 'Version',
        width: 160,
        link: { board: 'latency', variable: 'version' },
      },
    ],
    sortBy: 'Blame',
    columns: [
      { ...column, title: 'Of the turns', expr: turns },
      { ...column, title: `Of the turns above ${turnLatency.seconds} s`, expr: slow },
      {
        title: 'Blame',
        unit: 'suffix: ×',
        decimals: 2,
        limits: { warning: 1.2, bad: 1.5 },
        // A version of a few turns is slow or not by chance.
        expr: `(${slow}) / ((${turns}) > 0.01)`,
      },
      {
        ...column,
        title: 'Of the failed sessions',
        expr: share(q.increase('lk_agents_sessions_total', failed)),
      },
      {
        ...column,
        title: 'Of the failed tool calls',
        expr: share(q.increase('lk_agents_tool_calls_total', calls)),
      },
    ],
  });
}
