import { failing, slower } from '../../rules/alerts/releases.ts';
import { firstSeen, verdict } from '../../rules/version-verdicts.ts';
import type { BoardContext } from '../house/board.ts';
import type { PanelBuilder } from '../house/panel.ts';
import { table } from '../house/table.ts';
import { verdictWords } from '../house/verdicts.ts';
import { excess, ofVersions, own, slowdown } from './measures.ts';

/** Every version, and how it does against the others of its agent. */
export function versions({ q, objectives }: BoardContext): PanelBuilder {
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
        expr: ofVersions(verdict),
        wording: verdictWords,
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
        expr: own('latency'),
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
        expr: own('sessionErrors'),
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
        expr: own('toolErrors'),
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
