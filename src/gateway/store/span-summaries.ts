import { holdsContent } from '../../catalogue/content.ts';
import type { Attributes, AttributeValue } from '../decode/attribute-value.ts';
import type { SessionBatch, SpanRecord } from '../decode/records.ts';
import type { SessionFiles } from './session-files.ts';
import type { Sizes } from './session-state.ts';

/** The summaries of a session's stored spans, without prompts, in the same order. */
export async function* spanSummaries(files: SessionFiles, sizes: Sizes): AsyncGenerator<SpanRecord> {
  const { outline } = sizes;
  if (outline !== undefined && (await files.holds('outline', outline))) {
    yield* files.records<SpanRecord>('outline', outline);
    return;
  }
  for await (const span of files.records<SpanRecord>('spans', sizes.spans)) yield summaryOfSpan(span);
}

/** Rebuilds the summaries of a session that has none, or whose file is missing. @returns their size */
async function rebuildSummaries(files: SessionFiles, sizes: Sizes): Promise<number> {
  const spans: SpanRecord[] = [];
  for await (const span of spanSummaries(files, { ...sizes, outline: undefined })) spans.push(span);
  return files.append('outline', 0, spans);
}

/** Appends the records of an upload to the append-only files. @returns their new sizes */
export async function appendRecords(
  files: SessionFiles,
  sizes: Sizes,
  { spans, logs }: SessionBatch,
): Promise<Required<Sizes>> {
  const { outline } = sizes;
  const kept =
    outline !== undefined && (await files.holds('outline', outline))
      ? outline
      : await rebuildSummaries(files, sizes);
  return {
    spans: await files.append('spans', sizes.spans, spans),
    outline: await files.append('outline', kept, spans.map(summaryOfSpan)),
    logs: await files.append('logs', sizes.logs, logs),
  };
}

/** Content that is needed to show a live call: transcripts, tool arguments and outputs. */
const contentAttributes: ReadonlySet<string> = new Set([
  'lk.pii.user_transcript',
  'lk.pii.response.text',
  'lk.pii.function_tool.arguments',
  'lk.pii.function_tool.output',
]);

/** Unused attributes that may be unusedAttributes; older SDKs write some of them without `pii`. */
const unusedAttributes: ReadonlySet<string> = new Set([
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
  contentAttributes.has(key) ||
  failures.has(key) ||
  ((key.startsWith('lk.') || key.startsWith('gen_ai.')) && !unusedAttributes.has(key) && !holdsContent(key));

const picked = (attributes: Attributes, kept: (key: string) => boolean): Attributes =>
  Object.fromEntries(Object.entries(attributes).filter(([key]: [string, AttributeValue]) => kept(key)));

/**
 * The part of a span that timelines, conversations and figures need, without prompts: the SDKs write the whole conversation
 * on each LLM request, which adds up to a hundred megabytes for a call of two hours.
 */
export function summaryOfSpan({ events, statusMessage, ...span }: SpanRecord): SpanRecord {
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
