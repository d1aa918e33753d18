import { alertingGroups, alertNames } from '../rules/index.ts';
import { readRunbooks, withLinks } from '../runbooks.ts';
import type { Settings } from '../settings.ts';
import { alertTitle } from './panels/alerts.ts';
import type { BoardSpec } from './panels/board.ts';
import { boardTitles, panelId, uidOf } from './panels/links.ts';
import { text } from './panels/panel.ts';

/** One runbook, alone: Grafana shows a single panel by its id. */
const address = (alert: string): string =>
  `/d/${uidOf('runbooks')}/runbooks?viewPanel=${panelId('runbooks', alert)}`;

const board = (name: string): string | undefined => (isBoard(name) ? `/d/${uidOf(name)}` : undefined);

/** What an alert is about, in a line: it stands above its runbook. */
function about(alert: string, settings: Settings): string {
  const rules = alertingGroups(settings).flatMap((group) =>
    group.rules.filter((rule) => rule.alert === alert),
  );
  const each = (values: string[]) => [...new Set(values)].join(', ');
  const boards = rules.map(({ board: { name } }) =>
    isBoard(name) ? `[${boardTitles[name]}](/d/${uidOf(name)})` : name,
  );
  return `**${each(rules.map(({ severity }) => severity))}** · ${each(rules.map(({ category }) => category))} · ${each(boards)}`;
}

const isBoard = (name: string): name is keyof typeof boardTitles => Object.hasOwn(boardTitles, name);

/** What there is, by what it is about. */
function contents(settings: Settings): string {
  const byCategory = new Map<string, Set<string>>();
  for (const { alert, category } of alertingGroups(settings).flatMap(({ rules }) => rules)) {
    byCategory.set(category, (byCategory.get(category) ?? new Set()).add(alert));
  }
  const lines = [...byCategory].map(
    ([category, alerts]) =>
      `- **${category}**: ${[...alerts].map((alert) => `[${alertTitle(alert)}](${address(alert)})`).join(' · ')}`,
  );
  return lines.join('\n');
}

/** What to do: a panel for each alert, to which the alert links. */
export const runbooks: BoardSpec = {
  name: 'runbooks',
  description: 'What does a firing alert mean, and how do you diagnose and mitigate it?',
  static: true,
  rows: ({ settings }) => {
    const written = new Map(readRunbooks().map(({ alert, content }) => [alert, content]));
    return [
      {
        panels: [
          text({
            title: 'Runbooks',
            description: 'All alerts by category. Click one to open its runbook.',
            content: contents(settings),
            width: 24,
            height: 9,
          }),
        ],
      },
      {
        panels: alertNames(settings).map((alert) =>
          text({
            title: alert,
            description: `What ${alert} means, how to diagnose it, and how to mitigate it.`,
            content: `${about(alert, settings)}\n\n${withLinks(
              written.get(alert) ?? `There is no docs/runbooks/${alert}.md yet.`,
              { runbook: address, board },
            )}`,
            width: 12,
            height: 16,
          }),
        ),
      },
    ];
  },
};
