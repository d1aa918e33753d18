import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { profiles } from '../../../src/catalogue/objectives.ts';
import { bundle } from '../../../src/monitoring/artefacts.ts';
import { boardTitles } from '../../../src/monitoring/boards/house/links.ts';
import { alertingGroups } from '../../../src/monitoring/rules/index.ts';
import { runbookUrl } from '../../../src/monitoring/rules/render.ts';
import { type Settings, settingsOf } from '../../../src/monitoring/settings.ts';
import { installed, isMissing, run } from '../../stack/programs.ts';
import { knownSeries, unknown } from './known.ts';
import { problems } from './promql.ts';

const root = join(import.meta.dirname, '../../..');
const tests = join(root, 'alerts/tests');
const files = readdirSync(tests).sort();
const settings = settingsOf('standard');
const alerts = alertingGroups(settings).flatMap(({ rules }) => rules);
const names = [...new Set(alerts.map(({ alert }) => alert))];

interface TestFile {
  rule_files: string[];
  tests: { alert_rule_test?: { alertname: string; exp_alerts?: unknown[] }[] }[];
}
const testFile = (name: string): TestFile => parse(readFileSync(join(tests, name), 'utf8'), { merge: true });

/** Writes rules where the tests look for them, so that they test this code and not what was last generated. */
function write(directory: string, settings: Settings): string[] {
  const rules = bundle(settings).filter(({ path }) => path.endsWith('.yml'));
  for (const { path, content } of rules) {
    mkdirSync(join(directory, dirname(path)), { recursive: true });
    writeFileSync(join(directory, path), content);
  }
  return rules.map(({ path }) => join(directory, path));
}

describe.skipIf(isMissing('promtool', 'promtool3')).each(installed('promtool', 'promtool3'))(
  '%s',
  (promtool) => {
    let directory: string;
    beforeAll(() => {
      directory = mkdtempSync(join(tmpdir(), 'earshot-rules-'));
      write(directory, settings);
      cpSync(tests, join(directory, 'alerts/tests'), { recursive: true });
    });
    afterAll(() => rmSync(directory, { recursive: true }));

    test.each(files)('%s holds', (file) => {
      expect(run(promtool, 'test', 'rules', join(directory, 'alerts/tests', file))).toContain('SUCCESS');
    });

    test.each(Object.keys(profiles) as (keyof typeof profiles)[])('takes the rules of %s', (profile) => {
      const own = mkdtempSync(join(tmpdir(), 'earshot-rules-'));
      try {
        const chosen = settingsOf(profile, { selector: ['job="voice"'], labels: ['region'] });
        for (const file of write(own, chosen))
          expect(run(promtool, 'check', 'rules', file)).toContain('SUCCESS');
      } finally {
        rmSync(own, { recursive: true });
      }
    });
  },
);

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
