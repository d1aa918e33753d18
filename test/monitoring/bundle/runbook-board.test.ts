import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dashboards } from '../../../src/monitoring/boards/index.ts';
import { alertTitle, runbookLink } from '../../../src/monitoring/boards/panels/alerts.ts';
import { alertNames } from '../../../src/monitoring/rules/index.ts';
import { runbookUrl } from '../../../src/monitoring/rules/render.ts';
import { readRunbooks, withLinks } from '../../../src/monitoring/runbooks.ts';
import { settingsOf } from '../../../src/monitoring/settings.ts';

const settings = settingsOf('standard');
const alerts = alertNames(settings);

/** The part of a panel that these tests read. */
interface PanelJson {
  id: number;
  type: string;
  title: string;
  options: { content: string };
}
const panels = (dashboards(settings).find(({ name }) => name === 'runbooks')?.dashboard.panels ??
  []) as unknown as PanelJson[];

describe('the link of an alert', () => {
  test.each(alerts)('%s opens the panel of its runbook', (alert) => {
    const [address, id] = runbookUrl(alert, settings).split('?viewPanel=');
    expect(address).toBe('http://localhost:3000/d/talkgauge-runbooks/runbooks');
    const panel = panels.find((candidate) => String(candidate.id) === id);
    expect(panel).toMatchObject({ type: 'text', title: alert });
    expect(panel?.options.content).toMatch(/^\*\*(critical|warning|info|none)/);
  });

  test('leads to custom runbooks if configured', () => {
    const custom = settingsOf('standard', { runbooks: 'https://wiki.example.com/voice/' });
    expect(runbookUrl('LiveKitAgentToolSlow', custom)).toBe(
      'https://wiki.example.com/voice/LiveKitAgentToolSlow.md',
    );
    expect(runbookLink(custom).url).toBe('https://wiki.example.com/voice/${__value.raw}.md');
  });

  test('in a table uses a hidden column with the panel id, and shows the alert as words', () => {
    const { url, names, keys } = runbookLink(settings);
    expect(url).toBe('/d/talkgauge-runbooks/runbooks?viewPanel=${__data.fields.Runbook}');
    const [hidden] = keys;
    for (const alert of alerts) {
      expect(runbookUrl(alert, settings)).toContain(`viewPanel=${hidden?.wording?.[alert]?.text}`);
    }
    expect(names.LiveKitAgentTurnLatencyBudgetBurn?.text).toBe('Turn latency budget burn');
  });
});

test('the contents name every alert once', () => {
  const [contents] = panels;
  expect([...(contents?.options.content.matchAll(/viewPanel=/g) ?? [])].length).toBe(alerts.length);
});

test.each([
  ['LiveKitAgentToolSlow', 'Tool slow'],
  ['LiveKitWorkerEventLoopBlocked', 'Worker event loop blocked'],
  ['TalkgaugeLabelOverflow', 'Label overflow'],
])('%s is shown as %s', (alert, words) => {
  expect(alertTitle(alert)).toBe(words);
});

test('links in runbooks lead to panels and boards; links to other files become plain text', () => {
  const to = {
    runbook: (alert: string) => `/to/${alert}`,
    board: (name: string) => (name === 'turn-taking' ? '/d/turns' : undefined),
  };
  expect(withLinks('See [slow](LiveKitAgentToolSlow.md) and [down](./TalkgaugeWorkerDown.md#do).', to)).toBe(
    'See [slow](/to/LiveKitAgentToolSlow) and [down](/to/TalkgaugeWorkerDown).',
  );
  expect(withLinks('[Turns](../boards.md#turn-taking), [none](../boards.md#calls)', to)).toBe(
    '[Turns](/d/turns), none',
  );
  expect(withLinks('[series](../metrics.md#turns), [status](https://status.example.com)', to)).toBe(
    'series, [status](https://status.example.com)',
  );
  expect(withLinks('`rate(x_total[5m])` (of all)', to)).toBe('`rate(x_total[5m])` (of all)');
});

describe('a folder of runbooks', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'runbooks-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('is read in alphabetical order, without headings', () => {
    writeFileSync(
      join(folder, 'LiveKitAgentToolSlow.md'),
      '# LiveKitAgentToolSlow\r\n\r\nA tool is slow.\r\n',
    );
    writeFileSync(join(folder, 'TalkgaugeWorkerDown.md'), 'A worker is down.\n\n## Do\n');
    writeFileSync(join(folder, 'README.txt'), 'no runbook');
    expect(readRunbooks(folder)).toEqual([
      { alert: 'LiveKitAgentToolSlow', content: 'A tool is slow.' },
      { alert: 'TalkgaugeWorkerDown', content: 'A worker is down.\n\n## Do' },
    ]);
  });

  test('that does not exist has no runbooks', () => {
    expect(readRunbooks(join(folder, 'nowhere'))).toEqual([]);
  });
});
