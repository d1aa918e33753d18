import type { Queries } from '../../promql/queries.ts';
import { matchers, selector } from '../../promql/series.ts';
import { talkgaugeRules } from '../../rules/alerts/telemetry.ts';
import { knownWorkers, talkgaugeTargets } from '../../rules/dashboards.ts';
import { turnLatencySamples } from '../../rules/slo.ts';
import type { BoardContext, Row } from '../panels/board.ts';
import { stat, stateTimeline, timeseries } from '../panels/charts.ts';
import { table } from '../panels/table.ts';
import { palette } from '../panels/thresholds.ts';

/** Where there is little room. */
export const noReports = 'Nothing reports';

const notReporting =
  'Nothing reports in this time range: see that workers call monitor(), and that Prometheus scrapes them';

export const noRules = 'Prometheus is not scraped itself';

/**
 * `up` of the targets whose job has served Talkgauge's series within the last day, but of none that is known to serve other agents, or
 * to belong to other values of the user's labels, than the reader has chosen.
 */
function upOfTargets({ q, settings }: BoardContext): string {
  const worker = q.scope.worker ?? {};
  if (!settings.recorded) return targetsOfJobs(q, 'up', '[1d]');
  // A target has the user's labels only if they are those of its scrape.
  const own = Object.fromEntries(settings.labels.map((label) => [label, { re: `$${label}|` }]));
  const known = matchers(q.scope.where);
  return (
    `(${selector(talkgaugeTargets, matchers({ ...worker, ...own }))} unless on (job, instance) ` +
    `(${knownWorkers} unless on (job, instance) ${selector(knownWorkers, known)}))`
  );
}

const targetsOfJobs = (q: Queries, series: string, window: string): string =>
  `(${selector(series, matchers(q.scope.worker ?? {}))} and on (job) ` +
  `group by (job) (last_over_time(${q.series('talkgauge_build_info')}${window} @ end())))`;

/** A series of the scrape itself, of these targets. */
const scrapeSeries = (context: BoardContext, series: string): string =>
  series === 'up'
    ? upOfTargets(context)
    : `(${selector(series, matchers(context.q.scope.worker ?? {}))} and on (job, instance) ${upOfTargets(context)})`;

/** Whether the data of the other boards is complete. */
export function dataQualityRows(context: BoardContext): Row[] {
  const { q, settings } = context;
  const inRange = { window: '$__range' } as const;
  const up = scrapeSeries(context, 'up');
  const jobs = q.gauge('lk_agents_active_job_count');
  const failures = `sum by (rule_group) (increase(prometheus_rule_evaluation_failures_total{${talkgaugeRules}}[$__range]))`;
  const there = (series: string) => `clamp_max(count(${series}), 1) or vector(0)`;
  /** A counter that appears with its first sample was 0 before; without any of Talkgauge's series, the result is empty. */
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
          empty: noReports,
          limits: { bad: 1 },
          next: 'workers',
          targets: [{ expr: `count(${up} == 0) or 0 * count(${up})`, as: 'instant' }],
        }),
        stat({
          title: 'Jobs not observed',
          description:
            'Running jobs without a connection to their worker: their calls are on no dashboard. This is normal for a few seconds after the start of a job. If it stays, the entry function does not call observe(), and talkgauge/register is not loaded.',
          unit: 'short',
          decimals: 0,
          width: 4,
          empty: noReports,
          limits: { warning: 1, bad: 3 },
          targets: [
            {
              expr: `clamp_min(${jobs} - (${q.gauge('talkgauge_relay_connections')} or vector(0)), 0)`,
              as: 'instant',
            },
          ],
        }),
        stat({
          title: 'Samples lost',
          description:
            'Samples that never reached a series, in this time range: the figures of that time are too low. The chart "Samples lost by reason" says why.',
          unit: 'short',
          decimals: 0,
          width: 4,
          empty: noReports,
          limits: { bad: 1 },
          targets: [{ expr: counted(q.increase('talkgauge_samples_dropped_total', inRange)), as: 'instant' }],
        }),
        stat({
          title: 'Impossible values',
          description:
            'Values of SDK events that were refused in this time range, because they cannot be true: negative, no number, absurdly large. They do not affect other values. Many of them indicate a faulty plugin. Missing values are not counted here: a request that was cancelled has none.',
          unit: 'short',
          decimals: 0,
          width: 4,
          empty: noReports,
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
          empty: noReports,
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
            'Whether each kind of series exists. Nothing: no target is scraped. Workers, but no sessions: no call has come since they were started, or jobs are not observed. Recorded series missing: the file of rules is not loaded.',
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

/** Label sets of a worker from which on further ones are dropped, unless `maxSeries` says otherwise. */
const maxSeries = 20_000;

const workerColours = { 'highest worker': palette.p95, 'median worker': palette.p50 };

/** The volume of scrapes, and of samples that were refused, duplicated or merged into `other`. */
export function sampleRows(context: BoardContext): Row[] {
  const { q } = context;
  const up = scrapeSeries(context, 'up');
  const scraped = (series: string) => [
    { expr: `max(${scrapeSeries(context, series)})`, legend: 'highest worker' },
    { expr: `quantile(0.5, ${scrapeSeries(context, series)})`, legend: 'median worker' },
  ];
  const inRange = { window: '$__range' } as const;
  return [
    {
      title: 'Scrapes and series',
      panels: [
        timeseries({
          title: 'Targets',
          description:
            'Workers that Prometheus could scrape, and those that it could not. A gap without red: Prometheus itself was down.',
          unit: 'short',
          width: 6,
          empty: notReporting,
          draw: 'stack',
          colours: { up: palette.good, down: palette.bad },
          targets: [
            { expr: `count(${up} == 1) or 0 * count(${up})`, legend: 'up' },
            { expr: `count(${up} == 0) or 0 * count(${up})`, legend: 'down' },
          ],
        }),
        timeseries({
          title: 'Time to scrape',
          description:
            'How long a scrape takes. Near the scrape timeout (10 s by default) scrapes are lost; a worker that answers slowly has too many series or no processor time.',
          unit: 's',
          width: 6,
          empty: notReporting,
          colours: workerColours,
          targets: scraped('scrape_duration_seconds'),
        }),
        timeseries({
          title: 'Samples of a scrape',
          description:
            'Series that a worker exposes; a histogram is many. All workers together are what Prometheus has to hold. A line that never levels off: a label takes ever new values.',
          unit: 'short',
          width: 6,
          empty: notReporting,
          colours: { ...workerColours, 'all workers': palette.quiet },
          targets: [
            ...scraped('scrape_samples_scraped'),
            { expr: `sum(${scrapeSeries(context, 'scrape_samples_scraped')})`, legend: 'all workers' },
          ],
        }),
        timeseries({
          title: 'Label sets of a worker',
          description: `Label sets that a worker holds; a histogram is one. The dashed line is the default of maxSeries, ${maxSeries}: further ones are dropped.`,
          unit: 'short',
          width: 6,
          empty: notReporting,
          limit: maxSeries,
          colours: workerColours,
          targets: [
            { expr: `max(${q.series('talkgauge_series')})`, legend: 'highest worker' },
            { expr: `quantile(0.5, ${q.series('talkgauge_series')})`, legend: 'median worker' },
          ],
        }),
      ],
    },
    {
      title: 'Samples',
      panels: [
        table({
          title: 'Refused values',
          description:
            'What was refused in this time range, by series and reason; most first. Missing is usual where requests are cancelled; any other reason is a fault of a plugin or of a clock. Report it with a recording, see CONTRIBUTING.',
          width: 12,
          height: 9,
          empty: 'No refused value was counted in this time range',
          keys: [
            { label: 'metric', title: 'Series', width: 330 },
            { label: 'reason', title: 'Reason', width: 90 },
            { label: 'agent_name', title: 'Agent' },
          ],
          columns: [
            {
              title: 'Values',
              unit: 'locale',
              decimals: 0,
              width: 90,
              expr: `${q.increase('talkgauge_invalid_samples_total', { by: ['metric', 'reason', 'agent_name'], ...inRange })} > 0.5`,
            },
          ],
        }),
        timeseries({
          title: 'Repeated events',
          description:
            'Events per minute that repeat another one, as fallback and stream adapters emit them, and were not counted again. As many as requests is usual with such adapters.',
          unit: 'short',
          width: 6,
          height: 9,
          empty: 'No repeated event was counted in this time range',
          targets: [
            {
              expr: `${q.rate('talkgauge_duplicate_events_total', { by: ['type'] })} * 60`,
              legend: '{{type}}',
            },
          ],
        }),
        timeseries({
          title: 'Label overflow',
          description:
            'Samples per minute whose label value became "other", by label. Give models and tools names that do not change with each call, or raise maxLabelValues.',
          unit: 'short',
          width: 6,
          height: 9,
          empty: 'No label overflow was counted in this time range',
          targets: [
            {
              expr: `${q.rate('talkgauge_label_overflow_total', { by: ['label'] })} * 60`,
              legend: '{{label}}',
            },
          ],
        }),
      ],
    },
    {
      title: 'From jobs to workers',
      panels: [
        timeseries({
          title: 'Jobs and their connections',
          description:
            'Running jobs, and job processes that are connected to their worker. The lines should coincide. More jobs than connections: calls are not observed. pauses: how often a minute a worker stopped reading from a job that sent more than 1 MiB a second; what such a job cannot keep meanwhile is lost (queue_full).',
          unit: 'short',
          width: 12,
          empty: notReporting,
          colours: { jobs: palette.p95, connections: palette.neutral, pauses: palette.warning },
          targets: [
            { expr: q.gauge('lk_agents_active_job_count'), legend: 'jobs' },
            { expr: q.gauge('talkgauge_relay_connections'), legend: 'connections' },
            { expr: `${q.rate('talkgauge_relay_throttled_total')} * 60`, legend: 'pauses' },
          ],
        }),
        timeseries({
          title: 'Frames by result',
          description:
            'What jobs sent, per minute. Anything but ok is refused: incompatible means that job and worker run different versions of Talkgauge, malformed and oversized that something else writes to the socket.',
          unit: 'short',
          width: 12,
          empty: notReporting,
          draw: 'stack',
          colours: {
            ok: palette.good,
            malformed: palette.bad,
            oversized: palette.warning,
            incompatible: 'purple',
          },
          targets: [
            {
              expr: `${q.rate('talkgauge_relay_frames_total', { by: ['result'] })} * 60`,
              legend: '{{result}}',
            },
          ],
        }),
      ],
    },
    {
      title: 'Versions',
      panels: [
        table({
          title: 'Versions in service',
          description:
            'Which Talkgauge, SDK and Node.js the workers run, and on how many. More than one line of an agent: a rollout is in progress or stuck.',
          width: 24,
          height: 7,
          empty: notReporting,
          keys: [
            { label: 'agent_name', title: 'Agent', link: { board: 'releases', variable: 'agent' } },
            { label: 'agent_version', title: 'Version' },
            { label: 'version', title: 'Talkgauge' },
            { label: 'sdk_version', title: '@livekit/agents' },
            { label: 'node_version', title: 'Node.js' },
          ],
          columns: [
            {
              title: 'Workers',
              unit: 'short',
              decimals: 0,
              expr: `count by (agent_name, agent_version, version, sdk_version, node_version) (${q.series('talkgauge_build_info')})`,
            },
          ],
        }),
      ],
    },
  ];
}
