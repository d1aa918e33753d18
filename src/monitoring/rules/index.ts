import { createQueries } from '../promql/queries.ts';
import { recordedWindow } from '../promql/recorded.ts';
import type { Settings } from '../settings.ts';
import { alertGroups } from './alerts/index.ts';
import { baselines } from './baselines.ts';
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

export const recordingGroups = (settings: Settings): RuleGroup<RecordingRule>[] => {
  const context = ruleContext(settings);
  return [
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
};

export const alertingGroups = (settings: Settings): RuleGroup<AlertRule>[] =>
  alertGroups(ruleContext(settings));

/** The names of all alerts, each once, in alphabetical order. */
export const alertNames = (settings: Settings): string[] =>
  [...new Set(alertingGroups(settings).flatMap(({ rules }) => rules.map(({ alert }) => alert)))].sort();
