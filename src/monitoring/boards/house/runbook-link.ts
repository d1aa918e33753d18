import { alertNames } from '../../rules/index.ts';
import type { Settings } from '../../settings.ts';
import { uidOf } from './links.ts';
import { panelId } from './panel-id.ts';
import type { Key } from './table.ts';

/**
 * Where a click on an alert in a table leads. A link cannot look up a panel's id, so a hidden column shows the alert's
 * name as that id; its label is `runbook`.
 */
export function runbookLink(settings: Settings): { url: string; keys: readonly Key[] } {
  const ids = alertNames(settings).map(
    (alert) => [alert, { text: String(panelId('runbooks', alert)) }] as const,
  );
  return {
    url: settings.runbooks
      ? `${settings.runbooks}\${__value.text}.md`
      : `/d/${uidOf('runbooks')}/runbooks?viewPanel=\${__data.fields.Runbook}`,
    keys: [{ label: 'runbook', title: 'Runbook', hidden: true, wording: Object.fromEntries(ids) }],
  };
}
