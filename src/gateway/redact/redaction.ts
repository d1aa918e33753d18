import { isContentEvent, redactedMessage } from '../../catalogue/content.ts';
import { list, type Plain, record } from '../decode/attribute-value.ts';
import type { WireLog } from '../decode/log-schema.ts';
import type { AnyValue, KeyValue, Resource, Scope } from '../decode/otlp-schema.ts';
import type { Owned } from '../decode/spans.ts';
import type { Span } from '../decode/trace-schema.ts';
import { isKeptOfEvaluation, isKeptOfItem, isPersonal } from './personal.ts';

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
