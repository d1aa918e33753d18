import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { alertingGroups, recordingGroups } from '../../../src/monitoring/rules/index.ts';
import { renderRule } from '../../../src/monitoring/rules/render.ts';
import type { AlertRule, RecordingRule, RuleGroup } from '../../../src/monitoring/rules/rule.ts';
import type { Settings } from '../../../src/monitoring/settings.ts';
import { selectors } from './promql.ts';

type Rule = AlertRule | RecordingRule;

/** A test file of promtool, without the rule files and the group order, which are added to all files. */
export interface RuleTestFile {
  evaluation_interval: string;
  tests: RuleTest[];
}
export interface RuleTest {
  /** The sentence that the test proves. */
  name?: string;
  interval: string;
  input_series: { series: string; values: string }[];
  alert_rule_test?: AlertExpectation[];
  promql_expr_test?: { expr: string }[];
}
export interface AlertExpectation {
  eval_time: string;
  alertname: string;
  exp_alerts?: ExpectedAlert[];
}
export interface ExpectedAlert {
  exp_labels: Readonly<Record<string, string>>;
  exp_annotations: Readonly<Record<string, string>>;
}

/** Reads a test file. Strings such as `0x40` are read as numbers. */
export const readRuleTest = (path: string): RuleTestFile =>
  parse(readFileSync(path, 'utf8'), { merge: true });

/** The paths of the test files of a folder. */
export const ruleTestPaths = (folder: string): string[] =>
  readdirSync(folder)
    .sort()
    .map((file) => join(folder, file));

/** All rules, ordered so that each is evaluated after the series that it reads. */
export const allGroups = (settings: Settings): RuleGroup[] => [
  ...recordingGroups(settings),
  ...alertingGroups(settings),
];

/** The series that a rule reads, including those in its annotations. */
function reads(rule: Rule): string[] {
  const queries = 'alert' in rule ? annotationQueries(rule) : [];
  return [rule.expr, ...queries].flatMap((expr) => selectors(expr).map(({ name }) => name));
}

/** The PromQL queries in an alert's annotations. */
export const annotationQueries = ({ summary, description }: AlertRule): string[] =>
  [...`${summary}${description}`.matchAll(/printf `([^`]*)`/g)].map(([, query = '']) =>
    query.replaceAll('%q', '"x"'),
  );

/** Finds the rules that a test file uses, with the rules that they read, in their groups and order. */
function rulesFor(groups: readonly RuleGroup[]): (file: RuleTestFile) => RuleGroup[] {
  const inputs = new Map(groups.flatMap(({ rules }) => rules.map((rule) => [rule, reads(rule)] as const)));
  const writers = new Map<string, Rule[]>();
  for (const rule of inputs.keys()) {
    const name = 'alert' in rule ? rule.alert : rule.record;
    writers.set(name, [...(writers.get(name) ?? []), rule]);
  }
  return ({ tests }) => {
    const names = tests.flatMap(({ alert_rule_test = [], promql_expr_test = [] }) => [
      ...alert_rule_test.map(({ alertname }) => alertname),
      ...promql_expr_test.flatMap(({ expr }) => selectors(expr).map(({ name }) => name)),
    ]);
    const needed = new Set<Rule>();
    for (const name of names) {
      for (const rule of writers.get(name) ?? []) {
        if (needed.has(rule)) continue;
        needed.add(rule);
        names.push(...(inputs.get(rule) ?? []));
      }
    }
    return groups
      .map((group) => ({ ...group, rules: group.rules.filter((rule) => needed.has(rule)) }))
      .filter(({ rules }) => rules.length > 0);
  };
}

/** Annotations with URLs. They are generated and tested elsewhere. */
const links = ['runbook_url', 'dashboard_url', 'dashboard_uid'];

/** A rule file without the links of alerts. */
const withoutLinks = (groups: readonly RuleGroup[], settings: Settings) => ({
  groups: groups.map(({ name, interval, rules }) => ({
    name,
    interval,
    rules: rules.map((rule) => {
      const rendered = renderRule(rule, settings);
      if (!('annotations' in rendered)) return rendered;
      const annotations = Object.entries(rendered.annotations).filter(([name]) => !links.includes(name));
      return { ...rendered, annotations: Object.fromEntries(annotations) };
    }),
  })),
});

/**
 * Writes a test file into a folder with the rules that it needs. The rules come from the current code rather than from
 * the generated files.
 *
 * @returns its path there
 */
export function ruleTestWriter(directory: string, settings: Settings): (path: string) => string {
  const rules = rulesFor(allGroups(settings));
  return (path) => {
    const groups = rules(readRuleTest(path));
    const name = basename(path);
    writeFileSync(
      join(directory, `rules-${name}`),
      stringify(withoutLinks(groups, settings), { lineWidth: 0, aliasDuplicateObjects: false }),
    );
    const header = stringify({
      rule_files: [`rules-${name}`],
      group_eval_order: groups.map((group) => group.name),
    });
    writeFileSync(join(directory, name), header + readFileSync(path, 'utf8'));
    return join(directory, name);
  };
}
