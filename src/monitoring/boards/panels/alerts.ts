import { AnnotationQueryBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Queries } from '../../promql/queries.ts';
import { type Matchers, matchers, selector } from '../../promql/series.ts';
import { deployed, deploys } from '../../rules/dashboards.ts';
import { alertNames } from '../../rules/index.ts';
import type { Settings } from '../../settings.ts';
import { panelId, uidOf } from './links.ts';
import { datasource } from './panel.ts';
import type { Key } from './table.ts';
import { palette, type ValueTexts } from './thresholds.ts';

/** Alerts of the bundle for the agents that the reader has chosen, and those that concern no agent; `none` is the watchdog's. */
const selectedAlerts: Matchers = {
  alertname: { re: 'LiveKit.+|Talkgauge.+' },
  agent_name: { re: '$agent|' },
  severity: { not: 'none' },
};

/** The firing alerts. */
export const firing = (where: Matchers = {}): string =>
  selector('ALERTS', matchers({ alertstate: 'firing', ...selectedAlerts, ...where }));

/** When each alert became true, as Prometheus keeps it; of alerts that wait for their `for`, too. */
export const activeSince = selector('ALERTS_FOR_STATE', matchers(selectedAlerts));

/** Labels that identify the subject of an alert; severities and windows of it are one alert. */
export const identifyingLabels = [
  'agent_name',
  'agent_version',
  'component',
  'model_provider',
  'model_name',
  'tool',
  'instance',
] as const;

/** Annotations on the time axis: deploys and firing alerts. */
export function annotations(q: Queries) {
  const { agent_name, agent_version } = q.scope.where;
  const marks = q.scope.recorded
    ? selector(
        deployed,
        matchers({ ...(agent_name && { agent_name }), ...(agent_version && { agent_version }) }),
      )
    : deploys(
        q.series('lk_agents_sessions_active'),
        (expr) => `group by (agent_name, agent_version) (${expr})`,
      );
  const annotation = (name: string, expr: string, colour: string) =>
    new AnnotationQueryBuilder().name(name).datasource(datasource).expr(expr).step('60s').iconColor(colour);
  return [
    annotation('Deploys', marks, palette.neutral)
      .enable(true)
      .titleFormat('{{agent_name}} {{agent_version}}')
      .textFormat('was seen for the first time in a day'),
    annotation('Alerts', `max by (alertname, agent_name, severity) (${firing()})`, palette.bad)
      .enable(false)
      .titleFormat('{{alertname}}')
      .textFormat('{{severity}} {{agent_name}}'),
  ];
}

/**
 * Where a click on an alert in a table leads. A link cannot look up a panel's id, so a hidden column shows the alert's
 * name as that id; its label is `runbook`.
 */
export function runbookLink(settings: Settings): { url: string; names: ValueTexts; keys: readonly Key[] } {
  const alerts = alertNames(settings);
  return {
    url: settings.runbooks
      ? `${settings.runbooks}\${__value.raw}.md`
      : `/d/${uidOf('runbooks')}/runbooks?viewPanel=\${__data.fields.Runbook}`,
    names: valueTexts(alerts, alertTitle),
    keys: [
      {
        label: 'runbook',
        title: 'Runbook',
        hidden: true,
        wording: valueTexts(alerts, (alert) => String(panelId('runbooks', alert))),
      },
    ],
  };
}

const valueTexts = (alerts: readonly string[], word: (alert: string) => string): ValueTexts =>
  Object.fromEntries(alerts.map((alert) => [alert, { text: word(alert) }]));

/** The readable name of `LiveKitAgentToolSlow`: Tool slow. */
export function alertTitle(alert: string): string {
  const words = alert
    .replace(/^(?:LiveKitAgent|LiveKit|Talkgauge)/, '')
    .replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    .trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
