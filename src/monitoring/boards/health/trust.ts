import type { Queries } from '../../promql/queries.ts';
import { matchers, selector } from '../../promql/series.ts';
import { knownWorkers, ourTargets } from '../../rules/for-boards.ts';
import { turnLatencySamples } from '../../rules/slo.ts';
import type { BoardContext, Row } from '../house/board.ts';
import { palette } from '../house/palette.ts';
import { stat } from '../house/stat.ts';
import { stateTimeline } from '../house/state-timeline.ts';
import { timeseries } from '../house/timeseries.ts';

/** Where there is little room. */
export const silent = 'Nothing reports';

export const notReporting =
  'Nothing reports in this time range: see that workers call monitor(), and that Prometheus scrapes them';

export const noRules = 'Prometheus is not scraped itself';

/** Prometheus names a group after its file and itself. */
export const ourRules = 'rule_group=~".+;talkgauge-.+"';

/**
 * `up` of the targets whose job has served Talkgauge's series within the last day, but of none that is known to serve other agents, or
 * to belong to other values of the user's labels, than the reader has chosen.
 */
function upOfTargets({ q, settings }: BoardContext): string {
  const worker = q.scope.worker ?? {};
  if (!settings.recorded) return ofJobs(q, 'up', '[1d]');
  // A target has the user's labels only if they are those of its scrape.
  const own = Object.fromEntries(settings.labels.map((label) => [label, { re: `$${label}|` }]));
  const known = matchers(q.scope.where);
  return (
    `(${selector(ourTargets, matchers({ ...worker, ...own }))} unless on (job, instance) ` +
    `(${knownWorkers} unless on (job, instance) ${selector(knownWorkers, known)}))`
  );
}

const ofJobs = (q: Queries, series: string, window: string): string =>
  `(${selector(series, matchers(q.scope.worker ?? {}))} and on (job) ` +
  `group by (job) (last_over_time(${q.series('talkgauge_build_info')}${window} @ end())))`;

/** A series of the scrape itself, of these targets. */
export const ofTargets = (context: BoardContext, series: string): string =>
  series === 'up'
    ? upOfTargets(context)
    : `(${selector(series, matchers(context.q.scope.worker ?? {}))} and on (job, instance) ${upOfTargets(context)})`;

/** Whether what the other boards show is all there is. */
export function trustRows(context: BoardContext): Row[] {
  const { q, settings } = context;
  const inRange = { window: '$__range' } as const;
  const up = ofTargets(context, 'up');
  const jobs = q.gauge('lk_agents_active_job_count');
  const failures = `sum by (rule_group) (increase(prometheus_rule_evaluation_failures_total{${ourRules}}[$__range]))`;
  const there = (series: string) => `clamp_max(count(${series}), 1) or vector(0)`;
  /** A counter that appears with its first sample has been 0 until then; without any series of ours, it is nothing. */
  const counted = (expr: string) => `${expr} or 0 * count(${q.series('talkgauge_series')})`;
  return [
    {
      panels: [
        stat({
          title: 'Workers down',
          description:
            'Targets that Prometheus cannot scrape now. What happens there is on no board. See that the process runs, and that its port can be reached.',
          unit: 'short',
          decimals: 0,
          width: 4,
          empty: silent,
          limits: { bad: 1 },
          next: 'workers',
          targets: [{ expr: `count(${up} == 0) or 0 * count(${up})`, as: 'instant' }],
        }),
        stat({
          title: 'Jobs not observed',
          description:
            'Running jobs without a connection to their worker: their calls are on no board. For some seconds after its start that is no harm. If it stays, the entry function does not call observe(), and talkgauge/register is not loaded.',
          unit: 'short',
          decimals: 0,
          width: 4,
          empty: silent,
          limits: { warning: 1, bad: 3 },
          targets: [
            { expr: `clamp_min(${jobs} - ${q.gauge('talkgauge_relay_connections')}, 0)`, as: 'instant' },
          ],
        }),
        stat({
          title: 'Samples lost',
          description:
            'Samples that never reached a series, in this time range: the figures of that time are too low. The chart "Samples lost by reason" says why.',
          unit: 'short',
          decimals: 0,
          width: 4,
          empty: silent,
          limits: { bad: 1 },
          targets: [{ expr: counted(q.increase('talkgauge_samples_dropped_total', inRange)), as: 'instant' }],
        }),
        stat({
          title: 'Impossible values',
          description:
            'Values of SDK events that were refused in this time range, because they cannot be true: negative, no number, absurdly large. They spoil no figure; many of them are a fault of a plugin. Missing values are not counted here: a request that was cancelled has none.',
          unit: 'short',
          decimals: 0,
          width: 4,
          empty: silent,
          limits: { warning: 1, bad: 100 },
          targets: [
            {
              expr: counted(
                q.increase('talkgauge_invalid_samples_total', {
                  ...inRange,
                  where: { reason: { not: 'missing' } },
                }),
              ),
              as: 'instant',
            },
          ],
        }),
        stat({
          title: 'Samples in "other"',
          description:
            'Samples whose label value became "other" in this time range, because the label had too many. Something that changes with each call is used as a name: find it by the chart "Label overflow".',
          unit: 'short',
          decimals: 0,
          width: 4,
          empty: silent,
          limits: { bad: 1 },
          targets: [{ expr: counted(q.increase('talkgauge_label_overflow_total', inRange)), as: 'instant' }],
        }),
        stat({
          title: 'Failing rule groups',
          description:
            "Groups of Talkgauge's rules with a failed evaluation in this time range: alerts of these groups may not fire, and their recorded series have gaps. Prometheus' log and its page of rules say why.",
          unit: 'short',
          decimals: 0,
          width: 4,
          empty: noRules,
          limits: { bad: 1 },
          targets: [{ expr: `count(${failures} > 0) or 0 * count(${failures})`, as: 'instant' }],
        }),
      ],
    },
    {
      panels: [
        stateTimeline({
          title: 'What is there',
          description:
            'Whether each kind of series exists. Nothing at all: nobody is scraped. Workers, but no sessions: no call has come since they were started, or jobs are not observed. Recorded series missing: the file of rules is not loaded.',
          unit: 'short',
          width: 12,
          height: 9,
          empty: notReporting,
          states: [
            { value: 0, word: 'missing', colour: palette.bad },
            { value: 1, word: 'there', colour: palette.good },
          ],
          targets: [
            [there(up), 'targets'],
            [there(q.series('lk_agents_worker_load')), 'workers'],
            [there(q.series('lk_agents_sessions_active')), 'sessions'],
            // Of each, the label values that every agent with calls has: all of a large fleet would be many.
            [
              there(q.series('lk_agents_turns_total', { where: { outcome: 'completed', tools: 'no' } })),
              'turns',
            ],
            [there(q.series('lk_agents_llm_requests_total', { where: { outcome: 'ok' } })), 'LLM requests'],
            [
              there(q.series('lk_agents_cost_usd_total', { where: { component: { re: 'llm|realtime' } } })),
              'cost',
            ],
            ...(settings.recorded
              ? ([
                  ['clamp_max(count(agent:lk_agents_turns:rate5m), 1) or vector(0)', 'recorded rates'],
                  [there(turnLatencySamples('1h')), 'service levels'],
                ] as const)
              : []),
          ].map(([expr = '', legend = '']) => ({ expr, legend })),
        }),
        timeseries({
          title: 'Samples lost by reason',
          description:
            'Samples per minute that never reached a series. queue_full and disconnected: jobs could not reach their worker in time. series_limit: too many label sets, see below. unknown_…, invalid_…: job and worker run different versions of Talkgauge. internal_error: please report it.',
          unit: 'short',
          width: 12,
          height: 9,
          empty: 'No lost sample was counted in this time range',
          draw: 'stack',
          legendAt: 'right',
          legend: ['max'],
          colours: { disconnected: palette.bad, queue_full: palette.warning },
          targets: [
            {
              expr: `${q.rate('talkgauge_samples_dropped_total', { by: ['reason'] })} * 60`,
              legend: '{{reason}}',
            },
          ],
        }),
      ],
    },
  ];
}
