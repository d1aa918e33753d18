import type { ConversationRecord, RecordAttribute } from '../../catalogue/conversation.ts';

/** Loki's name of an attribute: only letters, digits and underscores. */
export const label = (attribute: RecordAttribute | Shared): string => attribute.replaceAll(/\W/g, '_');

/** Attributes of every record in addition to its own. */
type Shared = 'job_id' | 'trace_id' | 'lk.agent_name' | 'lk.agent_version' | 'severity_text' | 'event.name';

/** `['=', 'true']`, `['>=', 1.5]`; a text may hold variables of Grafana. */
export type Comparison = readonly [operator: '=' | '!=' | '=~' | '!~' | '>' | '>=', value: string | number];

export interface RecordQuery<R extends ConversationRecord> {
  /** What their attributes must be. */
  where?: { readonly [A in RecordAttribute<R> | Shared]?: Comparison };
  /** Of which call. @default all, of the agents that are chosen */
  of?: 'call';
  /**
   * A regular expression for their text, whatever the case of its letters; without a backtick. A variable of Grafana is best
   * `${it:raw}`: else its apostrophes come with two backslashes, and the words are not found.
   */
  text?: string;
  /** How a line is written anew. */
  format?: string;
}

export type Records = ReturnType<typeof createRecords>;

/** The call that a board is about: by its job, or by its trace, whichever is set. */
const selectedCall = '| (job_id="$job_id" and job_id!="") or (trace_id="$trace_id" and trace_id!="")';
const selectedAgents = '| lk_agent_name=~"$agent" | lk_agent_version=~"$version"';

const labelFilter = ([attribute, [operator, value]]: [string, Comparison]): string => {
  const name = label(attribute as RecordAttribute);
  return typeof value === 'number' || operator.startsWith('>')
    ? `| ${name}${operator}${value}`
    : `| ${name}${operator}"${value}"`;
};

/**
 * LogQL over the log records of conversations; an unknown record or attribute does not compile.
 *
 * @param service the `service.name` of agents
 */
export function createRecords(service: string) {
  const stream = `{service_name="${service}"}`;
  const named = (records: readonly ConversationRecord[]): string =>
    records.length === 1
      ? `| event_name="${records[0]}"`
      : `| event_name=~"${records.map((name) => name.replaceAll('.', '\\\\.')).join('|')}"`;

  function of<R extends ConversationRecord>(records: R | readonly R[], about: RecordQuery<R> = {}): string {
    const names = typeof records === 'string' ? [records] : records;
    return [
      stream,
      // Words first: so Loki reads the least.
      about.text === undefined ? '' : `|~ \`(?i)${about.text}\``,
      named(names),
      about.of === 'call' ? selectedCall : selectedAgents,
      ...Object.entries(about.where ?? {}).map((each) => labelFilter(each as [string, Comparison])),
      about.format === undefined ? '' : `| line_format ${JSON.stringify(about.format)}`,
    ]
      .filter(Boolean)
      .join(' ');
  }

  return {
    of,
    /** How many there were in the time range of the board. */
    count: <R extends ConversationRecord>(records: R | readonly R[], about: RecordQuery<R> = {}): string =>
      `sum(count_over_time(${of(records, about)} [$__range]))`,
    /** The agent's own log of one call. */
    log: (): string => `${stream} ${selectedCall} | scope_name!="talkgauge.conversation"`,
  };
}

/** The same lines, where a label that is missing has a text in its place. @param texts by label */
export function withDefaults(expr: string, texts: Readonly<Record<string, string>>): string {
  const labels = Object.entries(texts).map(([name, text]) => `${name}=\`{{ or .${name} "${text}" }}\``);
  return labels.length === 0 ? expr : `${expr} | label_format ${labels.join(', ')}`;
}
