import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { profiles } from '../../../src/catalogue/objectives.ts';
import { keepLabels } from '../../../src/monitoring/rules/index.ts';
import { settingsOf } from '../../../src/monitoring/settings.ts';
import { installed, isMissing, runAsync } from '../../stack/programs.ts';
import { losses } from './kept-labels.ts';
import { problems } from './promql.ts';
import { allGroups, annotationQueries, ruleTestWriter } from './rule-tests.ts';

const settings = settingsOf('standard', {
  labels: ['region', 'tenant'],
  objectives: { ...profiles.standard, costPerMinute: 0.15 },
});
const rules = allGroups(settings).flatMap((group) => [...group.rules]);

describe.each(settings.labels)('the label %s of the user', (label) => {
  test('survives every aggregation and every match of every rule', () => {
    expect(rules.flatMap(({ expr }) => losses(expr, label).map((where) => `${where}: ${expr}`))).toEqual([]);
    expect(rules.length).toBeGreaterThan(300);
  });

  test('narrows what the texts of alerts look up', () => {
    const queries = rules.flatMap((rule) => ('alert' in rule ? annotationQueries(rule) : []));
    expect(queries.filter((query) => !query.includes(`${label}="x"`))).toEqual([]);
    expect(queries.flatMap((query) => problems(query))).toEqual([]);
    expect(queries.length).toBeGreaterThan(5);
  });

  test('is said by every alert, and set on its board', () => {
    for (const rule of rules) {
      if (!('alert' in rule)) continue;
      expect(rule.summary, rule.alert).toContain(`{{ with $labels.${label} }}, ${label} {{ . }}{{ end }}`);
      expect(rule.board.variables?.[label], rule.alert).toBe(`{{ $labels.${label} }}`);
    }
  });
});

test('without labels of the user, an expression is as it was written', () => {
  expect(keepLabels('sum(a) / on (b) sum by (b) (c)', [])).toBe('sum(a) / on (b) sum by (b) (c)');
});

test('a loss of a label is found', () => {
  expect(losses('sum by (agent_name) (a)', 'region')).toEqual(['sum by (agent_name) (a)']);
  expect(losses('sum(a)', 'region')).toEqual(['sum(a)']);
  expect(losses('a / on (agent_name) b', 'region')).toEqual(['a / on (agent_name) b']);
  expect(losses('a / ignoring (region) b', 'region')).toEqual(['a / ignoring (region) b']);
  expect(losses('sum by (region) (a) / on (region) group_left () b and ignoring (le) c', 'region')).toEqual(
    [],
  );
  expect(losses('a and on (job, instance) up == 0', 'region')).toEqual([]);
});

const promtools = installed('promtool', 'promtool3');
describe.skipIf(isMissing(...promtools)).each(promtools)('%s', (promtool) => {
  test('two regions, one failing: alerts fire for that one, and say which', async () => {
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
