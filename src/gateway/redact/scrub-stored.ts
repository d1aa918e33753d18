import { isContentEvent } from '../../catalogue/content.ts';
import type { Attributes, Plain } from '../decode/attribute-value.ts';
import type { ChatItem } from '../decode/chat-item.ts';
import type { LogRecord, SpanRecord } from '../decode/records.ts';
import type { SessionReport } from '../decode/session-report.ts';
import { isPersonal } from './personal.ts';

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
