import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { profiles } from '../../../src/catalogue/objectives.ts';
import { recorded as writtenByGateway } from '../../../src/gateway/metrics/sources.ts';
import { bundle } from '../../../src/monitoring/artefacts.ts';
import { boardTitles } from '../../../src/monitoring/boards/panels/links.ts';
import { alertingGroups, recordingGroups } from '../../../src/monitoring/rules/index.ts';
import { renderRule, runbookUrl } from '../../../src/monitoring/rules/render.ts';
import type { AlertRule } from '../../../src/monitoring/rules/rule.ts';
import { settingsOf } from '../../../src/monitoring/settings.ts';
import { installed, isMissing, runAsync } from '../../stack/programs.ts';
import { coverage, ruleName } from './coverage.ts';
import { knownSeries, unknown } from './known-series.ts';
import { problems, selectors } from './promql.ts';
import { annotationQueries, readRuleTest, ruleTestPaths, ruleTestWriter } from './rule-tests.ts';

const root = join(import.meta.dirname, '../../..');
// Includes the only objective that no profile has, so that its alert is tested, too.
const settings = settingsOf('standard', { objectives: { ...profiles.standard, costPerMinute: 1.5 } });
const files = ruleTestPaths(join(root, 'alerts/tests')).map((path) => ({ name: basename(path), path }));
const alerts = alertingGroups(settings).flatMap(({ rules }) => rules);
const names = [...new Set(alerts.map(({ alert }) => alert))];

const promtools = installed('promtool', 'promtool3');
describe.skipIf(isMissing(...promtools)).each(promtools)('%s', (promtool) => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'talkgauge-rules-'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  const write = lazy(() => ruleTestWriter(directory, settings));
  test.concurrent.each(files)('$name passes', async ({ path }) => {
    expect(await runAsync(promtool, 'test', 'rules', write()(path))).toContain('SUCCESS');
  });

  test.concurrent.each(Object.keys(profiles) as (keyof typeof profiles)[])(
    'accepts the rules of %s',
    async (profile) => {
      const chosen = settingsOf(profile, { selector: ['job="voice"'], labels: ['region'] });
      const written = bundle(chosen).filter(({ path }) => path.endsWith('/talkgauge.yml'));
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

/** A value that is created on first use. */
function lazy<T>(make: () => T): () => T {
  let made: { it: T } | undefined;
  return () => {
    made ??= { it: make() };
    return made.it;
  };
}

const tested = coverage(alerts, new Map(files.map(({ name, path }) => [name, readRuleTest(path)])));

describe.each(alerts.map((rule) => ({ rule, title: ruleName(rule) })))('$title', ({ rule }) => {
  test('fires in a test', () => {
    expect(tested.get(rule)?.fires).not.toEqual([]);
  });

  test('is silent in another test, unless it always fires', () => {
    const always = selectors(rule.expr).length === 0;
    expect((tested.get(rule)?.silent ?? []).length === 0).toBe(always);
  });
});

describe.each(names)('%s', (name) => {
  const rules = alerts.filter(({ alert }) => alert === name);

  test('has a runbook', () => {
    expect(existsSync(join(root, 'docs/runbooks', `${name}.md`))).toBe(true);
  });

  test('has texts with values, their meaning, and links', () => {
    for (const { summary, description, category, board } of rules) {
      // An absence alert has no value.
      if (category !== 'telemetry') expect(summary).toMatch(/\{\{ \$value \| (humanize|printf)/);
      expect(description).toMatch(/^[A-Z0-9].*\.$/);
      expect(Object.keys(boardTitles)).toContain(board.name);
    }
    expect(runbookUrl(name, { ...settings, runbooks: 'https://wiki.example.com/' })).toBe(
      `https://wiki.example.com/${name}.md`,
    );
  });

  test('has texts with valid PromQL over known series', () => {
    const known = knownSeries(settings);
    const queries = rules.flatMap(annotationQueries);
    expect(queries.flatMap((query) => problems(query))).toEqual([]);
    expect(
      queries.flatMap((query) => unknown(query, known)).filter((problem) => !problem.includes('never has')),
    ).toEqual([]);
  });
});

test('each test and each runbook belongs to an alert or to recorded series', () => {
  const of = (file: string) => file.replace(/(-\w+)?\.yml$/, '');
  expect(files.filter(({ name }) => !name.startsWith('recording-') && !names.includes(of(name)))).toEqual([]);
  expect(readdirSync(join(root, 'docs/runbooks')).sort()).toEqual(names.map((name) => `${name}.md`).sort());
});

test('each test has a name, and asserts no URL', () => {
  for (const { name, path } of files) {
    const { tests } = readRuleTest(path);
    expect(
      tests.filter((each) => !each.name),
      name,
    ).toEqual([]);
    expect(readFileSync(path, 'utf8'), name).not.toMatch(/runbook_url|dashboard_url|https?:/);
  }
});

test('an alert links to its runbook and to its board, with filters from its labels', () => {
  const rule = alerts.find(({ alert }) => alert === 'LiveKitAgentToolFailing') as AlertRule;
  expect(renderRule(rule, settings)).toMatchObject({
    annotations: {
      runbook_url: runbookUrl('LiveKitAgentToolFailing', settings),
      dashboard_url:
        'http://localhost:3000/d/talkgauge-tools/tools?var-agent={{ $labels.agent_name | urlquery }}&var-tool={{ $labels.tool | urlquery }}',
      dashboard_uid: 'talkgauge-tools',
    },
  });
  expect(runbookUrl('LiveKitAgentToolFailing', settings)).toMatch(
    /^http:\/\/localhost:3000\/d\/talkgauge-runbooks\/runbooks\?viewPanel=\d+$/,
  );
});

test('alerts with the same name differ in their severity or labels', () => {
  const identities = alerts.map(({ alert, severity, labels }) => JSON.stringify([alert, severity, labels]));
  expect(new Set(identities).size).toBe(identities.length);
});

test('critical alerts have a `for` duration of at least two minutes', () => {
  for (const { alert, severity, for: duration = '0m' } of alerts) {
    if (severity === 'critical') expect(Number.parseInt(duration, 10), alert).toBeGreaterThanOrEqual(2);
  }
});

test('the gateway writes what is read to see that calls have stopped, so that agents are judged that it alone sees', () => {
  const rules = alerts.filter(({ alert }) => alert === 'LiveKitAgentCallsStopped');
  const recordings = recordingGroups(settings).flatMap((group) => group.rules);
  const raw = rules
    .flatMap(({ expr }) => selectors(expr))
    .flatMap(({ name }) => {
      const recording = recordings.find(({ record }) => record === name);
      return recording ? selectors(recording.expr).map((read) => read.name) : [name];
    });
  expect([...new Set(raw)].sort()).toEqual(['lk_agents_sessions_active', 'lk_agents_sessions_total']);
  expect(Object.keys(writtenByGateway)).toEqual(expect.arrayContaining(raw));
});
