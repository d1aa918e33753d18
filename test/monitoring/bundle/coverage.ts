import type { AlertRule } from '../../../src/monitoring/rules/rule.ts';
import type { AlertExpectation, RuleTestFile } from './rule-tests.ts';

/** The tests in which a rule fires, and the tests of its alert in which it does not fire. */
export interface Coverage {
  fires: string[];
  silent: string[];
}

/** The coverage of each rule. An expected alert belongs to the rule with the same severity and the most labels in common. */
export function coverage(
  rules: readonly AlertRule[],
  files: ReadonlyMap<string, RuleTestFile>,
): ReadonlyMap<AlertRule, Coverage> {
  const coverages = new Map<AlertRule, Coverage>(rules.map((rule) => [rule, { fires: [], silent: [] }]));
  for (const [file, { tests }] of files) {
    for (const [index, { name, alert_rule_test = [] }] of tests.entries()) {
      const asked = new Set(alert_rule_test.map(({ alertname }) => alertname));
      const fired = new Set(alert_rule_test.flatMap((expectation) => rulesOf(expectation, rules)));
      for (const [rule, of] of coverages) {
        if (asked.has(rule.alert)) of[fired.has(rule) ? 'fires' : 'silent'].push(`${file}: ${name ?? index}`);
      }
    }
  }
  return coverages;
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

/** The name of a rule for test titles: `LiveKitAgentStuck critical`. */
export const ruleName = ({ alert, severity, labels = {} }: AlertRule): string =>
  [alert, severity, ...Object.entries(labels).map(([label, value]) => `${label}="${value}"`)].join(' ');
