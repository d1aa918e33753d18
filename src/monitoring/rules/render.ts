import { stringify } from 'yaml';
import { panelId } from '../boards/panels/links.ts';
import type { Settings } from '../settings.ts';
import type { AlertRule, RecordingRule, RuleGroup } from './rule.ts';

/** With what pint (https://cloudflare.github.io/pint) would find and is meant so, for those who run it over their rules. */
const header = `# Generated from src/monitoring by \`npm run generate\`; do not edit.
# Rules read series of other groups: over windows of five minutes and more, a sample that is a minute old makes no difference.
# pint file/disable rule/dependency
# Series of half an hour are for boards over weeks, which read them by range; no alert reads them.
# pint file/disable group/interval
# What is not in use has no series: LiveKit's server, avatars, exporters, forwarding, price files, a label that overflows. That each
# name is one that is exposed is tested where these files are made.
# pint file/disable promql/series
`;

/** TalkgaugeWatchdog alone: every other alert is silent in a test. */
const alertsHeader = `${header}# TalkgaugeWatchdog fires always, as it should.
# pint file/disable alerts/comparison
# The label rule_group is made by Prometheus, of the path and the group.
# pint file/disable promql/regexp
`;

/** A rule file as Prometheus reads it. */
export const ruleFile = (groups: readonly RuleGroup[], settings: Settings): string =>
  (groups.some(({ rules }) => rules.some((rule) => 'alert' in rule)) ? alertsHeader : header) +
  stringify(
    {
      groups: groups.map(({ name, interval, rules }) => ({
        name,
        interval,
        rules: rules.map((rule) => renderRule(rule, settings)),
      })),
    },
    { lineWidth: 0, aliasDuplicateObjects: false },
  );

/** A rule as a rule file has it. */
export const renderRule = (rule: AlertRule | RecordingRule, settings: Settings) =>
  'alert' in rule ? alert(rule, settings) : recording(rule);

const recording = ({ record, expr, labels }: RecordingRule) => ({ record, expr, ...(labels && { labels }) });

const alert = (rule: AlertRule, settings: Settings) => ({
  alert: rule.alert,
  expr: rule.expr,
  ...(rule.for && { for: rule.for }),
  ...(rule.keepFiringFor && { keep_firing_for: rule.keepFiringFor }),
  labels: { severity: rule.severity, category: rule.category, ...rule.labels },
  annotations: {
    summary: rule.summary,
    description: rule.description,
    runbook_url: runbookUrl(rule.alert, settings),
    dashboard_url: boardUrl(rule, settings),
    dashboard_uid: `talkgauge-${rule.board.name}`,
  },
});

/** Where an alert's runbook can be read: where the user has put them, or, alone, on the board of runbooks. */
export const runbookUrl = (alert: string, { runbooks, grafana }: Settings): string =>
  runbooks
    ? `${runbooks}${alert}.md`
    : `${grafana}/d/talkgauge-runbooks/runbooks?viewPanel=${panelId('runbooks', alert)}`;

/** The board of an alert, with its variables set as the alert's labels say. */
function boardUrl({ board }: AlertRule, { grafana }: Settings): string {
  const variables = Object.entries(board.variables ?? {}).map(
    ([name, value]) =>
      `var-${name}=${value.replaceAll(/\{\{\s*(\$labels\.\w+)\s*\}\}/g, '{{ $1 | urlquery }}')}`,
  );
  const query = variables.length > 0 ? `?${variables.join('&')}` : '';
  return `${grafana}/d/talkgauge-${board.name}/${board.name}${query}`;
}
