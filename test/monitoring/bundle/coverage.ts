import type { AlertRule } from '../../../src/monitoring/rules/rule.ts';
import type { AlertExpectation, RuleTestFile } from './rule-tests.ts';

/** In which tests a rule fires, and in which that ask for its alert it never does. */
export interface Coverage {
  fires: string[];
  silent: string[];
}

/** What tests say of each rule. An alert that is expected belongs to the rule with its severity and most of its labels. */
export function coverage(
  rules: readonly AlertRule[],
  files: ReadonlyMap<string, RuleTestFile>,
): ReadonlyMap<AlertRule, Coverage> {
  const found = new Map<AlertRule, Coverage>(rules.map((rule) => [rule, { fires: [], silent: [] }]));
  for (const [file, { tests }] of files) {
    for (const [index, { name, alert_rule_test = [] }] of tests.entries()) {
      const asked = new Set(alert_rule_test.map(({ alertname }) => alertname));
      const fired = new Set(alert_rule_test.flatMap((expectation) => rulesOf(expectation, rules)));
      for (const [rule, of] of found) {
        if (asked.has(rule.alert)) of[fired.has(rule) ? 'fires' : 'silent'].push(`${file}: ${name ?? index}`);
      }
    }
  }
  return found;
}

const rulesOf = ({ alertname, exp_alerts = [] }: AlertExpectation, rules: readonly AlertRule[]) =>
  exp_alerts.flatMap(({ exp_labels }) => {
    const fitting = rules.filter(
      ({ alert, severity, labels = {} }) =>
        alert === alertname &&
        severity === exp_labels.severity &&
        Object.entries(labels).every(([label, value]) => exp_labels[label] === value),
    );
    const most = Math.max(...fitting.map(size));
    return fitting.filter((rule) => size(rule) === most);
  });

const size = ({ labels = {} }: AlertRule): number => Object.keys(labels).length;

/** A rule as a person names it: `LiveKitAgentStuck critical`. */
export const ruleName = ({ alert, severity, labels = {} }: AlertRule): string =>
  [alert, severity, ...Object.entries(labels).map(([label, value]) => `${label}="${value}"`)].join(' ');
