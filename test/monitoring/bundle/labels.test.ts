import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { profiles } from '../../../src/catalogue/objectives.ts';
import { keepLabels } from '../../../src/monitoring/rules/index.ts';
import { settingsOf } from '../../../src/monitoring/settings.ts';
import { installed, isMissing, runAsync } from '../../stack/programs.ts';
import { labelLosses } from './label-losses.ts';
import { problems } from './promql.ts';
import { allGroups, annotationQueries, ruleTestWriter } from './rule-tests.ts';

const settings = settingsOf('standard', {
  labels: ['region', 'tenant'],
  objectives: { ...profiles.standard, costPerMinute: 0.15 },
});
const rules = allGroups(settings).flatMap((group) => [...group.rules]);

describe.each(settings.labels)('the custom label %s', (label) => {
  test('is kept by every aggregation and vector match of every rule', () => {
    expect(rules.flatMap(({ expr }) => labelLosses(expr, label).map((where) => `${where}: ${expr}`))).toEqual(
      [],
    );
    expect(rules.length).toBeGreaterThan(300);
  });

  test('filters the queries in texts of alerts', () => {
    const queries = rules.flatMap((rule) => ('alert' in rule ? annotationQueries(rule) : []));
    expect(queries.filter((query) => !query.includes(`${label}="x"`))).toEqual([]);
    expect(queries.flatMap((query) => problems(query))).toEqual([]);
    expect(queries.length).toBeGreaterThan(5);
  });

  test('is in the text of every alert, and in the link to its board', () => {
    for (const rule of rules) {
      if (!('alert' in rule)) continue;
      expect(rule.summary, rule.alert).toContain(`{{ with $labels.${label} }}, ${label} {{ . }}{{ end }}`);
      expect(rule.board.variables?.[label], rule.alert).toBe(`{{ $labels.${label} }}`);
    }
  });
});

test('without custom labels, an expression is unchanged', () => {
  expect(keepLabels('sum(a) / on (b) sum by (b) (c)', [])).toBe('sum(a) / on (b) sum by (b) (c)');
});

test('expressions that lose a label are found', () => {
  expect(labelLosses('sum by (agent_name) (a)', 'region')).toEqual(['sum by (agent_name) (a)']);
  expect(labelLosses('sum(a)', 'region')).toEqual(['sum(a)']);
  expect(labelLosses('a / on (agent_name) b', 'region')).toEqual(['a / on (agent_name) b']);
  expect(labelLosses('a / ignoring (region) b', 'region')).toEqual(['a / ignoring (region) b']);
  expect(
    labelLosses('sum by (region) (a) / on (region) group_left () b and ignoring (le) c', 'region'),
  ).toEqual([]);
  expect(labelLosses('a and on (job, instance) up == 0', 'region')).toEqual([]);
});

const promtools = installed('promtool', 'promtool3');
describe.skipIf(isMissing(...promtools)).each(promtools)('%s', (promtool) => {
  test('alerts fire only for the failing one of two regions, and name it', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'talkgauge-regions-'));
    try {
      const write = ruleTestWriter(directory, settingsOf('standard', { labels: ['region'] }));
      const path = write(join(import.meta.dirname, 'two-regions.yml'));
      expect(await runAsync(promtool, 'test', 'rules', path)).toContain('SUCCESS');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
