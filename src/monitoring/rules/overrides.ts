import type { AlertOverride, AlertOverrides } from '../settings.ts';
import type { AlertRule, RuleGroup } from './rule.ts';

/**
 * Alerts as the user has chosen them.
 *
 * @throws Error for an unknown alert, and if two rules of one name could no longer be distinguished
 */
export function applyOverrides(
  groups: readonly RuleGroup<AlertRule>[],
  { disable, override }: AlertOverrides,
): RuleGroup<AlertRule>[] {
  const all = groups.flatMap(({ rules }) => rules);
  for (const name of [...disable, ...Object.keys(override)]) checkName(name, all);
  const means = (name: string, { alert, severity }: AlertRule) =>
    [alert, `${alert}/${severity}`].includes(name);
  const chosen = groups.map((group) => ({
    ...group,
    rules: group.rules
      .filter((rule) => !disable.some((name) => means(name, rule)))
      .map((rule) =>
        Object.entries(override)
          .filter(([name]) => means(name, rule))
          // An override of one severity has precedence over that of all.
          .sort(([a], [b]) => a.length - b.length)
          .reduce((changed, [, override]) => overridden(changed, override), rule),
      ),
  }));
  checkIdentities(chosen.flatMap(({ rules }) => rules));
  return chosen.filter(({ rules }) => rules.length > 0);
}

const overridden = (rule: AlertRule, { severity, for: held, labels }: AlertOverride): AlertRule => ({
  ...rule,
  ...(severity && { severity }),
  ...(held && { for: held }),
  ...(labels && { labels: { ...rule.labels, ...labels } }),
});

function checkName(name: string, rules: readonly AlertRule[]): void {
  const [alert = '', severity] = name.split('/');
  const named = rules.filter((rule) => rule.alert === alert);
  if (named.length === 0) {
    const near = nearest(alert, [...new Set(rules.map((rule) => rule.alert))]);
    const hint = near.length > 0 ? `did you mean ${near.join(' or ')}?` : 'docs/alerts.md lists them.';
    throw new Error(`There is no alert ${alert}; ${hint}`);
  }
  if (severity !== undefined && !named.some((rule) => rule.severity === severity)) {
    const severities = [...new Set(named.map((rule) => rule.severity))];
    throw new Error(`${alert} has no severity ${severity}; it has ${severities.join(' and ')}`);
  }
}

function checkIdentities(rules: readonly AlertRule[]): void {
  const known = new Set<string>();
  for (const { alert, severity, labels } of rules) {
    const identity = JSON.stringify([alert, severity, Object.entries(labels ?? {}).sort()]);
    if (known.has(identity)) {
      throw new Error(
        `Two rules of ${alert} would both be ${severity} and could not be distinguished; disable one of them, such as ${alert}/${severity}`,
      );
    }
    known.add(identity);
  }
}

/** Up to three names that have most pairs of letters in common with a misspelt one. */
function nearest(name: string, names: readonly string[]): string[] {
  const pairs = (text: string) =>
    new Set([...text.toLowerCase().slice(1)].map((_, i) => text.toLowerCase().slice(i, i + 2)));
  const own = pairs(name.replace(/^(LiveKit(Agent|Worker)?|Talkgauge)/i, ''));
  const likeness = (other: string) => {
    const theirs = pairs(other.replace(/^(LiveKit(Agent|Worker)?|Talkgauge)/, ''));
    const common = [...own].filter((pair) => theirs.has(pair)).length;
    return (2 * common) / (own.size + theirs.size || 1);
  };
  return names
    .map((other) => ({ other, like: likeness(other) }))
    .filter(({ like }) => like >= 0.5)
    .sort((a, b) => b.like - a.like)
    .slice(0, 3)
    .map(({ other }) => other);
}
