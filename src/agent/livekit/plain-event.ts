/** What becomes of the texts of an event. */
export interface Texts {
  /** Fields that are left out as a whole. */
  leftOut: ReadonlySet<string>;
  /** The text to keep, or undefined for none. */
  keep(text: string, field: string): string | undefined;
}

/** Fields that hold what was said, asked and answered. */
const said = ['content', 'transcript', 'args', 'output', 'extra'];
/** Fields that hold what was meant; errors may quote all of it. */
export const meant: readonly string[] = ['message', 'stack', 'instructions'];
/** The fields whose texts are words of the SDK's, but for what lies within what was said. */
const words = new Set(['type', 'role', 'oldState', 'newState']);
/** The fields whose texts are names, states and ids: any other text may be what was said. */
const names = new Set([
  ...['type', 'name', 'label', 'model', 'provider', 'modelProvider', 'modelName', 'role', 'source', 'reason'],
  ...['oldState', 'newState', 'oldAgentId', 'newAgentId'],
  ...['id', 'requestId', 'segmentId', 'speechId', 'callId', 'groupId', 'providerRequestIds'],
]);

/** Names, states and ids, without any other text. */
export const onlyNames = (keep: Texts['keep']): Texts => ({
  leftOut: new Set([...said, ...meant]),
  keep: (text, field) => (names.has(field) ? keep(text, field) : undefined),
});

export const noTexts: Texts = onlyNames((text) => text);
export const allTexts: Texts = { leftOut: new Set(), keep: (text) => text };

/** Objects of the SDK that are no data, and audio. */
const skipped = new Set(['speechInput', 'probabilities', '_events', 'doneCallbacks']);

/**
 * An event as plain data. The SDK's own `toJSON` would leave out when a tool was called and when it
 * answered, and events hold objects (speech handles, models) that are no data at all.
 */
export function plain(value: unknown, texts: Texts, field = '', depth = 0, within = false): unknown {
  if (typeof value === 'string') return words.has(field) && !within ? value : texts.keep(value, field);
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'object' || value === null) return typeof value === 'function' ? undefined : value;
  if (depth > 6 || ArrayBuffer.isView(value)) return undefined;
  if (Array.isArray(value)) return value.map((item) => plain(item, texts, field, depth + 1, within));
  const entries = Object.entries(projected(value as Record<string, unknown>))
    .filter(([name]) => !skipped.has(name) && !texts.leftOut.has(name))
    .map(([name, inner]) => [name, plain(inner, texts, name, depth + 1, within || said.includes(name))]);
  return Object.fromEntries(entries);
}

/** What stands for an object that is more than data. */
function projected(value: Record<string, unknown>): Record<string, unknown> {
  if (value instanceof Error) {
    const { name, message, type, label, recoverable, timestamp } = value as Error & Record<string, unknown>;
    return { name, message, type, label, recoverable, timestamp };
  }
  if ('addDoneCallback' in value) return { id: value.id, interrupted: value.interrupted };
  // A model: an event emitter with a label.
  if ('emit' in value) {
    const { model, provider } = value;
    const label = typeof value.label === 'function' ? (value.label as () => string)() : value.label;
    return { label, model, provider };
  }
  return value;
}
