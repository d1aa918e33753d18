import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ConversationRecord, conversationRecords } from '../../../src/catalogue/conversation.ts';
import { label } from '../../../src/monitoring/logql/records.ts';

const folder = join(import.meta.dirname, '../../../docs/runbooks');

export const runbooks: readonly { file: string; text: string }[] = readdirSync(folder)
  .filter((name) => name.endsWith('.md'))
  .map((file) => ({ file, text: readFileSync(join(folder, file), 'utf8') }));

/** The expressions of a page. Continuation lines are indented. */
export const expressions = (text: string, language: 'promql' | 'logql'): string[] =>
  [...text.matchAll(new RegExp(`^( *)\`\`\`${language}\\n(.*?)\\n *\`\`\`$`, 'gms'))].flatMap(
    ([, indent = '', block = '']) =>
      block
        .split('\n')
        .map((line) => line.slice(indent.length))
        .join('\n')
        .split(/\n(?=\S)/),
  );

/** Attributes of every line, including lines of an agent's log. */
const shared = [
  'lk_agent_name',
  'lk_agent_version',
  'job_id',
  'trace_id',
  'severity_text',
  'scope_name',
  'event_name',
];

/** Unknown records and labels of an expression. */
export function unknownInRecords(expr: string): string[] {
  const named = /event_name=~?"([^"]*)"/.exec(expr)?.[1]?.split('|') ?? [];
  const known = Object.keys(conversationRecords);
  const labels = new Set([
    ...shared,
    ...named.flatMap((record) =>
      (conversationRecords[record as ConversationRecord] ?? []).map((each) => label(each)),
    ),
  ]);
  const conditions = expr.replaceAll(/"[^"]*"/g, '""').replace(/^\{[^}]*\}/, '');
  return [
    ...named.filter((record) => !known.includes(record)),
    ...[...conditions.matchAll(/\b([a-z]\w*) ?(?:=~|!=|!~|>=|<=|=|>|<)/g)]
      .map(([, name = '']) => name)
      .filter((name) => !labels.has(name)),
  ];
}
