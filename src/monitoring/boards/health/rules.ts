import type { Row } from '../house/board.ts';
import { timeseries } from '../house/timeseries.ts';
import { noRules, ourRules } from './trust.ts';

const empty = `${noRules}, or Talkgauge's rules are not loaded`;

/** The name of a group, without its file. */
const byGroup = (expr: string) => `label_replace(${expr}, "group", "$1", "rule_group", ".+;talkgauge-(.+)")`;

/** Whether recorded series and alerts are made in time. */
export const ruleRows = (): Row[] => [
  {
    title: "Talkgauge's rules in Prometheus",
    panels: [
      timeseries({
        title: 'Evaluation time of rule groups',
        description:
          'Share of its interval that the evaluation of a group takes; the ten highest. Near 100 % evaluations are missed: give Prometheus more processor time, or raise the interval.',
        unit: 'percentunit',
        width: 12,
        empty,
        legendAt: 'right',
        legend: ['max'],
        limit: 0.5,
        targets: [
          {
            expr: byGroup(
              `topk(10, max by (rule_group) (prometheus_rule_group_last_duration_seconds{${ourRules}} / prometheus_rule_group_interval_seconds{${ourRules}}))`,
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
        empty,
        legendAt: 'right',
        legend: ['max'],
        targets: [
          {
            expr: byGroup(
              `sum by (rule_group) (rate(prometheus_rule_evaluation_failures_total{${ourRules}}[$__rate_interval])) * 3600 > 0`,
            ),
            legend: 'failed: {{group}}',
          },
          {
            expr: byGroup(
              `sum by (rule_group) (rate(prometheus_rule_group_iterations_missed_total{${ourRules}}[$__rate_interval])) * 3600 > 0`,
            ),
            legend: 'missed: {{group}}',
          },
          {
            expr: `0 * count(prometheus_rule_group_last_duration_seconds{${ourRules}})`,
            legend: 'none',
          },
        ],
      }),
    ],
  },
];
