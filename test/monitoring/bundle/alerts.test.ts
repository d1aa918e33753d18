import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { profiles } from '../../../src/catalogue/objectives.ts';
import { bundle } from '../../../src/monitoring/artefacts.ts';
import { boardTitles } from '../../../src/monitoring/boards/house/links.ts';
import { alertingGroups } from '../../../src/monitoring/rules/index.ts';
import { runbookUrl } from '../../../src/monitoring/rules/render.ts';
import type { RuleGroup } from '../../../src/monitoring/rules/rule.ts';
import { settingsOf } from '../../../src/monitoring/settings.ts';
import { installed, runAsync } from '../../stack/programs.ts';
import { knownSeries, unknown } from './known.ts';
import { problems } from './promql.ts';
import {
  allGroups,
  annotationQueries,
  type RuleTestFile,
  readRuleTests,
  rulesFor,
  withoutLinks,
} from './rule-tests.ts';

const root = join(import.meta.dirname, '../../..');
const settings = settingsOf('standard');
const tests = join(root, 'alerts/tests');
const testFiles = readRuleTests(tests);
const files = [...testFiles.keys()];
const alerts = alertingGroups(settings).flatMap(({ rules }) => rules);
const names = [...new Set(alerts.map(({ alert }) => alert))];

/** Writes the rules that a test file needs, from this code and not as they were last generated, and the test beside them. */
function writeTest(directory: string, name: string, rules: (file: RuleTestFile) => RuleGroup[]): string {
  const groups = rules(testFiles.get(name) as RuleTestFile);
  writeFileSync(
    join(directory, `rules-${name}`),
    stringify(withoutLinks(groups, settings), { lineWidth: 0 }),
  );
  const header = stringify({
    rule_files: [`rules-${name}`],
    group_eval_order: groups.map((group) => group.name),
  });
  // The text as it is: what stands there as 0x40 is no hexadecimal number.
  writeFileSync(join(directory, name), header + readFileSync(join(tests, name), 'utf8'));
  return join(directory, name);
}

describe.each(installed('promtool', 'promtool3'))('%s', (promtool) => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'earshot-rules-'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  const rules = rulesFor(allGroups(settings));
  test.concurrent.each(files)('%s holds', async (file) => {
    const said = await runAsync(promtool, 'test', 'rules', writeTest(directory, file, rules));
    expect(said).toContain('SUCCESS');
  });

  test.concurrent.each(Object.keys(profiles) as (keyof typeof profiles)[])(
    'takes the rules of %s',
    async (profile) => {
      const chosen = settingsOf(profile, { selector: ['job="voice"'], labels: ['region'] });
      const written = bundle(chosen).filter(({ path }) => path.endsWith('.yml'));
      const paths = written.map(({ path, content }) => {
        const file = join(directory, `${profile}-${path.replaceAll('/', '-')}`);
        writeFileSync(file, content);
        return file;
      });
      expect(paths.length).toBe(2);
      expect(await runAsync(promtool, 'check', 'rules', ...paths)).not.toContain('FAILED');
    },
  );
});

describe.each(names)('%s', (name) => {
  const rules = alerts.filter(({ alert }) => alert === name);

  test('has tests in which it fires and in which it is silent', () => {
    const file = testFile(`${name}.yml`);
    expect(file.rule_files).toContain('../earshot.yml');
    const expected = file.tests
      .flatMap((each) => each.alert_rule_test ?? [])
      .filter(({ alertname }) => alertname === name)
      .map(({ exp_alerts: fired = [] }) => fired.length);
    expect(expected.some((count) => count > 0)).toBe(true);
    expect(expected.filter((count) => count === 0).length).toBeGreaterThanOrEqual(2);
  });

  test('every severity of it fires in a test', () => {
    const fired = JSON.stringify(testFile(`${name}.yml`));
    for (const { severity } of rules) expect(fired).toContain(`"severity":"${severity}"`);
  });

  test('has a runbook', () => {
    expect(existsSync(join(root, 'docs/runbooks', `${name}.md`))).toBe(true);
  });

  test('tells figures, what they mean, and where to look', () => {
    for (const { summary, description, category, board } of rules) {
      // What is absent has no figure.
      if (category !== 'telemetry') expect(summary).toMatch(/\{\{ \$value \| (humanize|printf)/);
      expect(description).toMatch(/^[A-Z0-9].*\.$/);
      expect(Object.keys(boardTitles)).toContain(board.name);
    }
    expect(runbookUrl(name, { ...settings, runbooks: 'https://wiki.example.com/' })).toBe(
      `https://wiki.example.com/${name}.md`,
    );
  });

  test('what its texts look up is PromQL over series that there are', () => {
    const known = knownSeries(settings);
    const looked = rules.flatMap(({ summary, description }) =>
      [...`${summary}${description}`.matchAll(/printf `([^`]*)`/g)].map(([, query = '']) =>
        query.replaceAll('%q', '"x"'),
      ),
    );
    expect(looked.flatMap((query) => problems(query))).toEqual([]);
    expect(
      looked.flatMap((query) => unknown(query, known)).filter((problem) => !problem.includes('never has')),
    ).toEqual([]);
  });
});

test('each test and each runbook belongs to an alert, or to recorded series', () => {
  expect(files.filter((file) => !file.startsWith('recording-'))).toEqual(
    names.map((name) => `${name}.yml`).sort(),
  );
  expect(readdirSync(join(root, 'docs/runbooks')).sort()).toEqual(names.map((name) => `${name}.md`).sort());
  expect(existsSync(join(tests, 'recording-slo.yml'))).toBe(true);
});

test('alerts of one name differ in their severity or their labels', () => {
  const identities = alerts.map(({ alert, severity, labels }) => JSON.stringify([alert, severity, labels]));
  expect(new Set(identities).size).toBe(identities.length);
});

test('what wakes somebody has held for two minutes', () => {
  for (const { alert, severity, for: held = '0m' } of alerts) {
    if (severity === 'critical') expect(Number.parseInt(held, 10), alert).toBeGreaterThanOrEqual(2);
  }
});
