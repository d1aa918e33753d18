import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { boardTitles } from '../../../src/monitoring/boards/house/links.ts';
import { alertingGroups } from '../../../src/monitoring/rules/index.ts';
import { settingsOf } from '../../../src/monitoring/settings.ts';
import { knownSeries, unknown } from './known.ts';
import { problems } from './promql.ts';

const folder = join(import.meta.dirname, '../../../docs/runbooks');
const files = readdirSync(folder).filter((name) => name.endsWith('.md'));
const settings = settingsOf('standard');
const known = knownSeries(settings);
const alerts = new Set(alertingGroups(settings).flatMap(({ rules }) => rules.map(({ alert }) => alert)));

/** The expressions of a page; one that goes on in the next line is indented there. */
const expressions = (text: string): string[] =>
  [...text.matchAll(/^( *)```promql\n(.*?)\n *```$/gms)].flatMap(([, indent = '', block = '']) =>
    block
      .split('\n')
      .map((line) => line.slice(indent.length))
      .join('\n')
      .split(/\n(?=\S)/),
  );

describe.each(files)('%s', (file) => {
  const text = readFileSync(join(folder, file), 'utf8');

  test('has the chapters of a runbook, in their order', () => {
    expect(text.match(/^#+ .*/gm)).toEqual([
      `# ${file.replace('.md', '')}`,
      '## Meaning',
      '## First look',
      '## Likely causes',
      '## Mend',
      '## Silence',
    ]);
  });

  test('has PromQL that Prometheus takes, on series and labels that there are', () => {
    for (const expr of expressions(text)) {
      expect(problems(expr), expr).toEqual([]);
      expect(unknown(expr, known), expr).toEqual([]);
    }
    expect(expressions(text).length).toBeGreaterThan(0);
  });

  test('leads to boards that there are', () => {
    const boards = [...text.matchAll(/\/d\/earshot-([\w-]+)/g)].map(([, name]) => name);
    expect(boards.length).toBeGreaterThan(0);
    expect(boards.filter((name) => !Object.hasOwn(boardTitles, name ?? ''))).toEqual([]);
  });

  test('silences its own alert', () => {
    expect(text).toContain(`amtool silence add alertname=${file.replace('.md', '')}`);
    expect(alerts).toContain(file.replace('.md', ''));
  });
});
