import { holdsContent } from '../../catalogue/content.ts';
import type { Attributes, Plain } from './attribute-value.ts';
import type { SpanRecord } from './records.ts';

/** What was said and done: a call that runs is told by it. */
const words: ReadonlySet<string> = new Set([
  'lk.pii.user_transcript',
  'lk.pii.response.text',
  'lk.pii.function_tool.arguments',
  'lk.pii.function_tool.output',
]);

/** Attributes that nothing is made of, and that can be long; older SDKs write some without `pii`. */
const long: ReadonlySet<string> = new Set([
  'lk.chat_ctx',
  'lk.instructions',
  'lk.input_text',
  'lk.user_input',
  'lk.function_tools',
  'lk.provider_tools',
  'lk.tool_sets',
  'lk.session_options',
  'lk.response.function_calls',
  'lk.blocking.stack',
]);

const failures: ReadonlySet<string> = new Set(['error.type', 'exception.type']);

const isKept = (key: string): boolean =>
  words.has(key) ||
  failures.has(key) ||
  ((key.startsWith('lk.') || key.startsWith('gen_ai.')) && !long.has(key) && !holdsContent(key));

const picked = (attributes: Attributes, kept: (key: string) => boolean): Attributes =>
  Object.fromEntries(Object.entries(attributes).filter(([key]: [string, Plain]) => kept(key)));

/**
 * A span with what timelines, conversations and figures are made of, and without prompts: the SDKs write the whole
 * conversation so far on each request to an LLM, which makes a hundred megabytes of a call of two hours.
 */
export function outlined({ events, statusMessage, ...span }: SpanRecord): SpanRecord {
  const failed = span.status === 'error';
  return {
    ...span,
    attributes: picked(span.attributes, isKept),
    events: failed
      ? events
          .map((event) => ({ ...event, attributes: picked(event.attributes, (key) => failures.has(key)) }))
          .filter(({ attributes }) => Object.keys(attributes).length > 0)
      : [],
    ...(failed && statusMessage !== undefined && { statusMessage }),
  };
}
