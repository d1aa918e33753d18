import { holdsContent, isContentEvent, redactedMessage } from '../../catalogue/content.ts';
import { type Attributes, list, type Plain, record } from '../decode/attribute-value.ts';
import type { ChatItem } from '../decode/chat-item.ts';
import type { AnyValue, KeyValue, Resource, Scope, Span, WireLog } from '../decode/otlp-schema.ts';
import type { LogRecord, SpanRecord } from '../decode/records.ts';
import type { SessionReport } from '../decode/session-report.ts';
import type { Owned } from '../decode/signals.ts';

const notPersonal = (key: string): boolean => !isPersonal(key);

function scrubValue(value: AnyValue | undefined): void {
  const held = value?.value;
  if (held?.case === 'kvlistValue') held.value.values = scrubPairs(held.value.values);
  if (held?.case === 'arrayValue') for (const inner of held.value.values) scrubValue(inner);
}

/** Without what is personal, at any depth. */
function scrubPairs(pairs: readonly KeyValue[], keeps = notPersonal): KeyValue[] {
  const kept = pairs.filter(({ key }) => keeps(key));
  for (const { value } of kept) scrubValue(value);
  return kept;
}

/** Keeps of a list of pairs only what is on the list, and nothing of what lies deeper that is personal. */
function keepOnly(value: AnyValue | undefined, keeps: (key: string) => boolean): void {
  const held = value?.value;
  if (held?.case === 'kvlistValue') held.value.values = scrubPairs(held.value.values, keeps);
  else if (value) value.value = { case: undefined };
}

function scrubAround({ resource, scope }: { resource?: Resource; scope?: Scope }): void {
  if (resource) resource.attributes = scrubPairs(resource.attributes);
  if (scope) scope.attributes = scrubPairs(scope.attributes);
}

/** Takes out of a span, and of what stands around it, what is personal. */
export function scrubSpan(owned: Owned<Span>): void {
  const { wire } = owned;
  scrubAround(owned);
  wire.attributes = scrubPairs(wire.attributes);
  wire.events = wire.events.filter(({ name }) => !isContentEvent(name));
  for (const part of [...wire.events, ...wire.links]) part.attributes = scrubPairs(part.attributes);
  if (wire.status?.message) wire.status.message = redactedMessage;
}

/** The same for a record of a log; of the conversation, only when and how fast it went is kept. */
export function scrubLog(owned: Owned<WireLog>): void {
  const { wire } = owned;
  scrubAround(owned);
  wire.attributes = wire.attributes.filter(({ key }) => notPersonal(key));
  for (const { key, value } of wire.attributes) {
    if (key === 'chat.item') {
      // {message: {…}}: the type, then the item.
      const held = value?.value;
      if (held?.case === 'kvlistValue')
        for (const body of held.value.values) keepOnly(body.value, isKeptOfItem);
      else if (value) value.value = { case: undefined };
    } else if (key === 'evaluation' || key === 'outcome' || key === 'tag') {
      keepOnly(value, isKeptOfEvaluation);
    } else scrubValue(value);
  }
}

/** The same for `chat_history.json`. */
export const scrubHistory = (history: Plain): Plain => ({
  items: list(record(history).items).map((item) =>
    Object.fromEntries(Object.entries(record(item)).filter(([key]) => isKeptOfItem(key))),
  ),
});

/** Text of exceptions, and errors as loggers write them: any of it may quote what was said. */
const exceptionAttributes: ReadonlySet<string> = new Set([
  'exception.message',
  'exception.stacktrace',
  'err',
  'error',
  'exc_info',
]);

/** Attributes of a scope that name the room: people are called in rooms that are named after them. */
const roomNames: ReadonlySet<string> = new Set(['room', 'lk.room_name']);

/** Whether an attribute of this name is personal: content, the text of an exception, or a room's name. */
export const isPersonal = (key: string): boolean =>
  holdsContent(key) || exceptionAttributes.has(key) || roomNames.has(key);

/** All that is kept of an item of the conversation: when, who, which tool, how fast; not what. */
const keptOfItem: ReadonlySet<string> = new Set([
  'id',
  'type',
  'role',
  'created_at',
  'interrupted',
  'transcript_confidence',
  'metrics',
  'name',
  'call_id',
  'is_error',
  'old_agent_id',
  'new_agent_id',
  'tools_added',
  'tools_removed',
]);

export const isKeptOfItem = (key: string): boolean => keptOfItem.has(key);

/** All that is kept of a verdict on the session, whose reasons tell what was said. */
const keptOfEvaluation: ReadonlySet<string> = new Set(['name', 'verdict', 'outcome', 'judgments', 'score']);

export const isKeptOfEvaluation = (key: string): boolean => keptOfEvaluation.has(key);

/** The same as scrub.ts, for what was stored of a session before it was known that it is to be redacted. */

const scrubbedValue = (value: Plain): Plain => {
  if (Array.isArray(value)) return value.map(scrubbedValue);
  return typeof value === 'object' && value !== null ? scrubbedAttributes(value) : value;
};

function scrubbedAttributes(attributes: Attributes): { [key: string]: Plain } {
  return Object.fromEntries(
    Object.entries(attributes)
      .filter(([key]) => !isPersonal(key))
      .map(([key, value]) => [key, scrubbedValue(value)]),
  );
}

export const scrubbedSpan = ({ statusMessage, ...span }: SpanRecord): SpanRecord => ({
  ...span,
  attributes: scrubbedAttributes(span.attributes),
  events: span.events
    .filter(({ name }) => !isContentEvent(name))
    .map((event) => ({ ...event, attributes: scrubbedAttributes(event.attributes) })),
});

export const scrubbedLog = (log: LogRecord): LogRecord => ({
  ...log,
  attributes: scrubbedAttributes(log.attributes),
});

export const scrubbedItem = ({
  text: _text,
  arguments: _arguments,
  output: _output,
  instructions: _instructions,
  ...item
}: ChatItem): ChatItem => item;

export const scrubbedReport = (report: SessionReport): SessionReport => ({
  ...report,
  options: scrubbedAttributes(report.options),
});
