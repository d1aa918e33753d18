import { keepLabels, keepLabelsInTemplate } from '../promql/keep-labels.ts';
import { createQueries } from '../promql/queries.ts';
import { recordedWindow } from '../promql/recorded.ts';
import type { Settings } from '../settings.ts';
import { alertGroups } from './alerts/index.ts';
import { baselines } from './baselines.ts';
import { chosenAlerts } from './choices.ts';
import { forBoards } from './for-boards.ts';
import { livekitServer } from './livekit-server.ts';
import { longRates } from './long-rates.ts';
import { rates } from './rates.ts';
import type { AlertRule, RecordingRule, RuleContext, RuleGroup } from './rule.ts';
import { slo } from './slo.ts';
import { versionVerdicts } from './version-verdicts.ts';
import { versions } from './versions.ts';
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
const labelled = <R extends AlertRule | RecordingRule>(
  groups: readonly RuleGroup<R>[],
  { labels }: Settings,
): RuleGroup<R>[] =>
  groups.map((group) => ({
    ...group,
    rules: group.rules.map((rule) => ({
      ...rule,
      expr: keepLabels(rule.expr, labels),
      ...('alert' in rule && labelledTexts(rule, labels)),
    })),
  }));

/** The texts and the board of an alert, which say of which region it is. */
const labelledTexts = ({ summary, description, board }: AlertRule, labels: readonly string[]) => ({
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
    ...versionVerdicts(context),
    ...forBoards(context),
    ...longRates(),
  ];
  return labelled(groups, settings);
};

export const alertingGroups = (settings: Settings): RuleGroup<AlertRule>[] =>
  chosenAlerts(labelled(alertGroups(ruleContext(settings)), settings), settings.alerts);

/** The names of all alerts, each once, in alphabetical order. */
export const alertNames = (settings: Settings): string[] =>
  [...new Set(alertingGroups(settings).flatMap(({ rules }) => rules.map(({ alert }) => alert)))].sort();
