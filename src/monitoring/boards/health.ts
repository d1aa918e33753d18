import { gatewayQueries } from '../promql/gateway-queries.ts';
import { nameByRange } from '../promql/recorded-series.ts';
import { talkgaugeRules } from '../rules/alerts/telemetry.ts';
import { type GatewayRate, gatewayRate } from '../rules/dashboards.ts';
import { dataQualityRows, noRules, sampleRows } from './health/data-quality.ts';
import type { BoardContext, BoardSpec, Row } from './panels/board.ts';
import { stat, timeseries } from './panels/charts.ts';
import { palette } from './panels/thresholds.ts';

/** Self-monitoring of Talkgauge. */
export const health: BoardSpec = {
  name: 'health',
  description: 'Is the data on the other dashboards complete?',
  filters: ['worker'],
  rows: (context) => [
    ...dataQualityRows(context),
    ...sampleRows(context),
    ...reportRows(context),
    ...gatewayRows(context),
    ...ruleRows(),
  ],
};

/** Whether reports of sessions are written, and reach their bucket. */
const reportRows = ({ q }: BoardContext): Row[] => [
  {
    title: 'Session reports',
    panels: [
      timeseries({
        title: 'Session reports by outcome',
        description:
          'Reports of sessions that ended, per minute. failed: the folder refuses them; deadline: it is too slow; recovered: the job died, and its worker wrote the report. Each failure is explained on the console of the agent.',
        unit: 'short',
        width: 12,
        empty: 'No session report was asked for in this time range',
        draw: 'stack',
        colours: {
          written: palette.good,
          uploaded: palette.neutral,
          recovered: palette.warning,
          failed: palette.bad,
          deadline: 'purple',
        },
        targets: [
          {
            expr: `${q.rate('talkgauge_session_reports_total', { by: ['outcome'] })} * 60`,
            legend: '{{outcome}}',
          },
        ],
      }),
      timeseries({
        title: 'Reports sent after their job',
        description:
          'Reports that their bucket did not take at once, and what became of them, per minute. failed: attempts, after which they wait on, in the spool folder of their worker.',
        unit: 'short',
        width: 12,
        empty: 'No report waited for a bucket in this time range',
        draw: 'stack',
        colours: { ok: palette.good, failed: palette.bad },
        targets: [
          {
            expr: `${q.rate('talkgauge_session_report_uploads_total', { by: ['result'] })} * 60`,
            legend: '{{result}}',
          },
        ],
      }),
    ],
  },
];

const { gauge } = gatewayQueries;

const notScraped = 'No gateway is scraped: see docs/gateway.md';

/** Uploads accepted, refused, forwarded and stored by the gateway. Filters by agent and worker do not apply to it. */
function gatewayRows({ settings }: BoardContext): Row[] {
  /** Events per second. */
  const rate = (metric: GatewayRate, { by }: { by: readonly string[] }): string =>
    settings.recorded
      ? `sum by (${by.join(', ')}) (avg_over_time(${nameByRange(gatewayRate(metric))}[$__rate_interval]))`
      : gatewayQueries.rate(metric, { by: by as [] });
  return [
    {
      title: 'The gateway',
      panels: [
        timeseries({
          title: 'Uploads by kind',
          description:
            'Uploads that the gateway accepted, per minute. If there are none while agents have calls, recording is off or LIVEKIT_OBSERVABILITY_URL is wrong.',
          unit: 'short',
          width: 6,
          empty: notScraped,
          draw: 'stack',
          targets: [
            {
              expr: `${rate('talkgauge_gateway_uploads_total', { by: ['kind'] })} * 60`,
              legend: '{{kind}}',
            },
          ],
        }),
        timeseries({
          title: 'Refused by reason',
          description:
            'Uploads of which nothing, or only the beginning, was kept, per minute; jobs do not send them again. disk_full, spool_full: make room. rate_limited, too_large: raise the limit. unauthorized: the gateway lacks the API key, or an unknown client connects. read: requests to the page, the API or /metrics without a valid login.',
          unit: 'short',
          width: 6,
          empty: 'Nothing was refused, or no gateway is scraped',
          colours: {
            disk_full: palette.bad,
            spool_full: palette.bad,
            internal_error: 'purple',
            rate_limited: 'yellow',
            unauthorized: palette.warning,
          },
          targets: [
            {
              // Only reasons that occurred: the rest would fill the panel with their names.
              expr: `${rate('talkgauge_gateway_refused_total', { by: ['reason'] })} * 60 > 0`,
              legend: '{{reason}}',
            },
            {
              expr: `${rate('talkgauge_gateway_read_refused_total', { by: ['reason'] })} * 60 > 0`,
              legend: 'read: {{reason}}',
            },
          ],
        }),
        timeseries({
          title: 'Forwarded by destination',
          description:
            'Requests to each backend, per minute. rejected: refused permanently; dropped: the queue was full. Failed attempts are retried. If all attempts fail, the backend is unavailable; see the log of the gateway.',
          unit: 'short',
          width: 12,
          empty: 'No gateway that forwards is scraped: see docs/gateway.md',
          legendAt: 'right',
          legend: ['max'],
          colours: {
            '/ ok$/': palette.good,
            '/ rejected$/': palette.bad,
            '/ dropped$/': 'purple',
            '/ failed attempts$/': palette.warning,
          },
          targets: [
            {
              expr: `${rate('talkgauge_gateway_forwarded_total', { by: ['destination', 'result'] })} * 60`,
              legend: '{{destination}} {{result}}',
            },
            {
              expr: `${rate('talkgauge_gateway_forward_failures_total', { by: ['destination'] })} * 60`,
              legend: '{{destination}} failed attempts',
            },
          ],
        }),
        timeseries({
          title: 'Sessions by who measures them',
          description:
            'Sessions that ended, per minute. measured: by the gateway; observed: by Talkgauge in their job; insufficient_data: too little data was received; failed: their files could not be read or written, see the disk and the log of the gateway.',
          unit: 'short',
          width: 6,
          empty: notScraped,
          draw: 'stack',
          colours: {
            measured: palette.good,
            observed: palette.neutral,
            insufficient_data: palette.warning,
            failed: palette.bad,
          },
          targets: [
            {
              expr: `${rate('talkgauge_gateway_measured_sessions_total', { by: ['result'] })} * 60`,
              legend: '{{result}}',
            },
          ],
        }),
        timeseries({
          title: 'Queued uploads',
          description:
            'Uploads that the gateway has not processed yet. A short queue is normal when many jobs end. If it keeps growing, the disk is not writable or one core cannot keep up; see the log of the gateway.',
          unit: 'short',
          width: 6,
          empty: notScraped,
          reach: 1,
          targets: [{ expr: gauge('talkgauge_gateway_spool_entries'), legend: 'in the spool' }],
        }),
        timeseries({
          title: 'Queued bytes',
          description:
            'Bytes in the upload queue, and in the queue of each backend. At --spool-mb (2048) uploads are refused. At --forward-mb (256) the oldest requests to a backend are dropped: restore the backend, or raise the limit.',
          unit: 'bytes',
          width: 6,
          empty: notScraped,
          colours: { spool: palette.neutral },
          targets: [
            { expr: gauge('talkgauge_gateway_spool_bytes'), legend: 'spool' },
            {
              expr: gauge('talkgauge_gateway_forward_queue_bytes', { by: ['destination'] }),
              legend: 'for {{destination}}',
            },
          ],
        }),
        stat({
          title: 'Sessions in the store',
          description:
            'Sessions that the gateway keeps. Without --retention-days or --retention-gb they only become more.',
          unit: 'short',
          decimals: 0,
          width: 3,
          height: 8,
          empty: 'No gateway',
          trend: true,
          targets: [{ expr: gauge('talkgauge_gateway_sessions') }],
        }),
        stat({
          title: 'Size of the store',
          description:
            'Bytes of the sessions that the gateway keeps on its disk. If it nears the size of the disk, set --retention-gb, or move them into a bucket with --s3-bucket.',
          unit: 'bytes',
          width: 3,
          height: 8,
          empty: 'No gateway',
          trend: true,
          targets: [{ expr: gauge('talkgauge_gateway_store_bytes') }],
        }),
      ],
    },
  ];
}

const noRuleMetrics = `${noRules}, or Talkgauge's rules are not loaded`;

/** The name of a group, without its file. */
const byGroup = (expr: string) => `label_replace(${expr}, "group", "$1", "rule_group", ".+;talkgauge-(.+)")`;

/** Whether recorded series and alerts are made in time. */
const ruleRows = (): Row[] => [
  {
    title: "Talkgauge's rules in Prometheus",
    panels: [
      timeseries({
        title: 'Evaluation time of rule groups',
        description:
          'Share of its interval that the evaluation of a group takes; the ten highest. Near 100 % evaluations are missed: give Prometheus more processor time, or raise the interval.',
        unit: 'percentunit',
        width: 12,
        empty: noRuleMetrics,
        legendAt: 'right',
        legend: ['max'],
        limit: 0.5,
        targets: [
          {
            expr: byGroup(
              `topk(10, max by (rule_group) (prometheus_rule_group_last_duration_seconds{${talkgaugeRules}} / prometheus_rule_group_interval_seconds{${talkgaugeRules}}))`,
            ),
            legend: '{{group}}',
          },
        ],
      }),
      timeseries({
        title: 'Failed and missed evaluations',
        description:
          "Evaluations per hour that failed or were missed, by group; none is right. Failed: two series met where one was expected, or a query took too long; Prometheus' page of rules says which.",
        unit: 'short',
        reach: 1,
        width: 12,
        empty: noRuleMetrics,
        legendAt: 'right',
        legend: ['max'],
        targets: [
          {
            expr: byGroup(
              `sum by (rule_group) (rate(prometheus_rule_evaluation_failures_total{${talkgaugeRules}}[$__rate_interval])) * 3600 > 0`,
            ),
            legend: 'failed: {{group}}',
          },
          {
            expr: byGroup(
              `sum by (rule_group) (rate(prometheus_rule_group_iterations_missed_total{${talkgaugeRules}}[$__rate_interval])) * 3600 > 0`,
            ),
            legend: 'missed: {{group}}',
          },
          {
            expr: `0 * count(prometheus_rule_group_last_duration_seconds{${talkgaugeRules}})`,
            legend: 'none',
          },
        ],
      }),
    ],
  },
];
