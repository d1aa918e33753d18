import { code, table } from './markdown.ts';
import type { AlertRule } from './rules/rule.ts';

/** One row for each alert and severity; what only some of its rules say, such as their windows, is left out or listed. */
export function alertTable(rules: readonly AlertRule[]): string {
  const rows = new Map<string, AlertRule[]>();
  for (const rule of rules) {
    const key = [rule.alert, rule.severity, ...(rule.objectives ?? [])].join();
    rows.set(key, [...(rows.get(key) ?? []), rule]);
  }
  return table(
    ['Alert', 'Severity', 'Holds for', 'Says', 'Measured against (profile standard)', 'Objectives'],
    [...rows.values()].map((alike) => [
      `[${alike[0]?.alert}](runbooks/${alike[0]?.alert}.md)`,
      alike[0]?.severity ?? '',
      distinct(alike.map((rule) => rule.for ?? 'at once')),
      distinct(alike.map(({ summary, labels }) => readable(summary, labels))),
      inAll(alike.map(({ description }) => description)),
      (alike[0]?.objectives ?? []).map(code).join(', '),
    ]),
  );
}

const distinct = (texts: readonly string[]): string => [...new Set(texts)].join(', ');

/** The sentences that all descriptions have in common, or all of them if there are none. */
function inAll(descriptions: readonly string[]): string {
  const common = (descriptions[0] ?? '')
    .split(/(?<=[.;]) /)
    .filter((sentence) => descriptions.every((description) => description.includes(sentence)));
  return common.length > 0 ? common.join(' ') : [...new Set(descriptions)].join(' ');
}

/** Labels of the rules themselves by which alike rules differ, and their texts with them. */
const varying = ['window', 'component'] as const;

/** A Prometheus template as a sentence: labels and figures in italics. */
export const readable = (template: string, labels: AlertRule['labels'] = {}): string =>
  varying
    .reduce(
      (text, label) =>
        labels[label] ? text.replaceAll(new RegExp(`\\b${labels[label]}\\b`, 'g'), `*${label}*`) : text,
      template,
    )
    .replaceAll(/\{\{ with printf .*? query \}\}(.*?)\{\{ \. .*?\}\}(.*?)\{\{ end \}\}/g, '$1*y*$2')
    .replaceAll(/\{\{ with \$labels\.(\w+) \}\}(.*?)\{\{ else \}\}.*?\{\{ end \}\}/g, (_, label, text) =>
      text.replaceAll('{{ . }}', `{{ $labels.${label} }}`),
    )
    .replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, '*$1*')
    .replaceAll(/\{\{ \$value.*?\}\}/g, '*x*');
