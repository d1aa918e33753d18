import { createQueries } from '../promql/queries.ts';
import { recordedWindow } from '../promql/recorded-series.ts';
import type { Settings } from '../settings.ts';
import { alertGroups } from './alerts/index.ts';
import { baselines } from './baselines.ts';
import { dashboardSeries } from './dashboards.ts';
import { applyOverrides } from './overrides.ts';
import { livekitServer, longRates, rates } from './rates.ts';
import type { AlertRule, RecordingRule, RuleContext, RuleGroup } from './rule.ts';
import { slo } from './slo.ts';
import { versionComparison, versions } from './versions.ts';
import { workers } from './workers.ts';

/** What rules are made from. Alerts and derived recordings read the recorded rates, which have met the selector. */
export const ruleContext = (settings: Settings): RuleContext => ({
  settings,
  objectives: settings.objectives,
  q: createQueries({
    selector: settings.selector,
    where: {},
    labels: settings.labels,
    window: recordedWindow,
    recorded: true,
  }),
});

/** Rules in which the labels of the user's own survive. */
const withUserLabels = <R extends AlertRule | RecordingRule>(
  groups: readonly RuleGroup<R>[],
  { labels }: Settings,
): RuleGroup<R>[] =>
  groups.map((group) => ({
    ...group,
    rules: group.rules.map((rule) => ({
      ...rule,
      expr: keepLabels(rule.expr, labels),
      ...('alert' in rule && textsWithUserLabels(rule, labels)),
    })),
  }));

/** The texts and the board of an alert, which say of which region it is. */
const textsWithUserLabels = ({ summary, description, board }: AlertRule, labels: readonly string[]) => ({
  summary:
    keepLabelsInTemplate(summary, labels) +
    labels.map((label) => `{{ with $labels.${label} }}, ${label} {{ . }}{{ end }}`).join(''),
  description: keepLabelsInTemplate(description, labels),
  board: {
    ...board,
    variables: {
      ...board.variables,
      ...Object.fromEntries(labels.map((label) => [label, `{{ $labels.${label} }}`])),
    },
  },
});

export const recordingGroups = (settings: Settings): RuleGroup<RecordingRule>[] => {
  const context = ruleContext(settings);
  const groups = [
    ...rates(context),
    ...slo(context),
    ...baselines(context),
    ...versions(context),
    ...workers(context),
    ...livekitServer(),
    ...versionComparison(context),
    ...dashboardSeries(context),
    ...longRates(),
  ];
  return withUserLabels(groups, settings);
};

export const alertingGroups = (settings: Settings): RuleGroup<AlertRule>[] =>
  applyOverrides(withUserLabels(alertGroups(ruleContext(settings)), settings), settings.alerts);

/** The names of all alerts, each once, in alphabetical order. */
export const alertNames = (settings: Settings): string[] =>
  [...new Set(alertingGroups(settings).flatMap(({ rules }) => rules.map(({ alert }) => alert)))].sort();

/** A string of PromQL, or where labels are named: `by (…)`, `on (…)`, or an aggregation that keeps none of them. */
const places =
  /"(?:[^"\\]|\\.)*"|\b(by|on) \(([^)]*)\)(?! up\b)|\b(sum|min|max|avg|group|count|stddev|quantile|topk|bottomk)\(/g;

/**
 * An expression in which the user's own labels survive: every aggregation keeps them, and every match compares them. So a rule
 * is written for one region, and holds for each. Only `up` is matched without them: it has the labels of its target, and none
 * that the agent itself adds.
 */
export function keepLabels(expr: string, labels: readonly string[]): string {
  if (labels.length === 0) return expr;
  return expr.replaceAll(places, (found, word?: string, named?: string, aggregation?: string) => {
    if (aggregation) return `${aggregation} by (${labels.join(', ')}) (`;
    if (!word) return found;
    const others = (named ?? '').split(/,\s*/).filter((label) => label && !labels.includes(label));
    return `${word} (${[...labels, ...others].join(', ')})`;
  });
}

/** What an annotation looks up, `{{ with printf "series{agent_name=%q}" $labels.agent_name | query }}`, by these labels too. */
const keepLabelsInTemplate = (template: string, labels: readonly string[]): string =>
  template.replaceAll(
    /(with printf `[^`]*=%q)(\}[^`]*`)([^|]*?) \| query/g,
    (_, before: string, after: string, values: string) =>
      `${before}${labels.map((label) => `, ${label}=%q`).join('')}${after}${values}` +
      `${labels.map((label) => ` $labels.${label}`).join('')} | query`,
  );
