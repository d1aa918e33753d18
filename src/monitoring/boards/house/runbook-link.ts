import { alertNames } from '../../rules/index.ts';
import type { Settings } from '../../settings.ts';
import type { Wording } from './limits.ts';
import { uidOf } from './links.ts';
import { panelId } from './panel-id.ts';
import type { Key } from './table.ts';

/**
 * Where a click on an alert in a table leads. A link cannot look up a panel's id, so a hidden column shows the alert's
 * name as that id; its label is `runbook`.
 */
export function runbookLink(settings: Settings): { url: string; names: Wording; keys: readonly Key[] } {
  const alerts = alertNames(settings);
  return {
    url: settings.runbooks
      ? `${settings.runbooks}\${__value.raw}.md`
      : `/d/${uidOf('runbooks')}/runbooks?viewPanel=\${__data.fields.Runbook}`,
    names: wording(alerts, spelled),
    keys: [
      {
        label: 'runbook',
        title: 'Runbook',
        hidden: true,
        wording: wording(alerts, (alert) => String(panelId('runbooks', alert))),
      },
    ],
  };
}

const wording = (alerts: readonly string[], word: (alert: string) => string): Wording =>
  Object.fromEntries(alerts.map((alert) => [alert, { text: word(alert) }]));

/** `LiveKitAgentToolSlow` as it is said: Tool slow. */
export function spelled(alert: string): string {
  const words = alert
    .replace(/^(?:LiveKitAgent|LiveKit|Talkgauge)/, '')
    .replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    .trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
