import { holdsContent, isContentEvent, redactedMessage } from '../../catalogue/content.ts';
import { type Attributes, type AttributeValue, list, record } from '../decode/attribute-value.ts';
import type { ChatItem } from '../decode/chat-item.ts';
import type { AnyValue, KeyValue, Resource, Scope, Span, WireLog } from '../decode/otlp-schema.ts';
import type { LogRecord, SpanRecord } from '../decode/records.ts';
import type { SessionReport } from '../decode/session-report.ts';
import type { Identified } from '../decode/signals.ts';

const notPersonal = (key: string): boolean => !isPersonal(key);

function redactValue(value: AnyValue | undefined): void {
  const held = value?.value;
  if (held?.case === 'kvlistValue') held.value.values = redactPairs(held.value.values);
  if (held?.case === 'arrayValue') for (const inner of held.value.values) redactValue(inner);
}

/** Removes personal data, at any depth. */
function redactPairs(pairs: readonly KeyValue[], keeps = notPersonal): KeyValue[] {
  const kept = pairs.filter(({ key }) => keeps(key));
  for (const { value } of kept) redactValue(value);
  return kept;
}

/** Keeps only the listed pairs, without personal data in nested values. */
function keepOnly(value: AnyValue | undefined, keeps: (key: string) => boolean): void {
  const held = value?.value;
  if (held?.case === 'kvlistValue') held.value.values = redactPairs(held.value.values, keeps);
  else if (value) value.value = { case: undefined };
}

function redactContext({ resource, scope }: { resource?: Resource; scope?: Scope }): void {
  if (resource) resource.attributes = redactPairs(resource.attributes);
  if (scope) scope.attributes = redactPairs(scope.attributes);
}

/** Removes personal data from a span, its resource and its scope. */
export function redactSpan(identified: Identified<Span>): void {
  const { wire } = identified;
  redactContext(identified);
  wire.attributes = redactPairs(wire.attributes);
  wire.events = wire.events.filter(({ name }) => !isContentEvent(name));
  for (const part of [...wire.events, ...wire.links]) part.attributes = redactPairs(part.attributes);
  if (wire.status?.message) wire.status.message = redactedMessage;
}

/** The same for a log record; of the conversation, only times and latencies are kept. */
export function redactLog(identified: Identified<WireLog>): void {
  const { wire } = identified;
  redactContext(identified);
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
    } else redactValue(value);
  }
}

/** The same for `chat_history.json`. */
export const redactHistory = (history: AttributeValue): AttributeValue => ({
  items: list(record(history).items).map((item) =>
    Object.fromEntries(Object.entries(record(item)).filter(([key]) => isKeptOfItem(key))),
  ),
});

/** Text of exceptions, and serialized errors of loggers, which may quote the conversation. */
const exceptionAttributes: ReadonlySet<string> = new Set([
  'exception.message',
  'exception.stacktrace',
  'err',
  'error',
  'exc_info',
]);

/** Attributes of a scope that name the room: rooms may be named after callers. */
const roomNames: ReadonlySet<string> = new Set(['room', 'lk.room_name']);

/** Whether an attribute of this name is personal: content, the text of an exception, or a room's name. */
export const isPersonal = (key: string): boolean =>
  holdsContent(key) || exceptionAttributes.has(key) || roomNames.has(key);

/** The fields kept of a conversation item: times, role, tool, latencies; no content. */
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

/** The fields kept of an evaluation of the session; its reasoning may quote the conversation. */
const keptOfEvaluation: ReadonlySet<string> = new Set(['name', 'verdict', 'outcome', 'judgments', 'score']);

export const isKeptOfEvaluation = (key: string): boolean => keptOfEvaluation.has(key);

/** The same for data that was stored before the session was known to be redacted. */

const redactedValue = (value: AttributeValue): AttributeValue => {
  if (Array.isArray(value)) return value.map(redactedValue);
  return typeof value === 'object' && value !== null ? redactedAttributes(value) : value;
};

function redactedAttributes(attributes: Attributes): { [key: string]: AttributeValue } {
  return Object.fromEntries(
    Object.entries(attributes)
      .filter(([key]) => !isPersonal(key))
      .map(([key, value]) => [key, redactedValue(value)]),
  );
}

export const redactedSpan = ({ statusMessage, ...span }: SpanRecord): SpanRecord => ({
  ...span,
  attributes: redactedAttributes(span.attributes),
  events: span.events
    .filter(({ name }) => !isContentEvent(name))
    .map((event) => ({ ...event, attributes: redactedAttributes(event.attributes) })),
});

export const redactedLog = (log: LogRecord): LogRecord => ({
  ...log,
  attributes: redactedAttributes(log.attributes),
});

export const redactedItem = ({
  text: _text,
  arguments: _arguments,
  output: _output,
  instructions: _instructions,
  ...item
}: ChatItem): ChatItem => item;

export const redactedReport = (report: SessionReport): SessionReport => ({
  ...report,
  options: redactedAttributes(report.options),
});
