/**
 * The conversation content of spans and logs, which is redacted by a job before it is sent, or by the gateway before it is
 * stored. Source: the SDKs' own rules (telemetry/redaction.ts and pii.py) and the GenAI semantic conventions.
 */

/** LiveKit marks content by a dot-delimited segment `pii` in an attribute's name. */
const marked = /(^|\.)pii(\.|$)/i;

/**
 * Attributes with content under other names: those of the GenAI conventions, and one of the SDK that has no `pii` segment.
 */
const attributes: ReadonlySet<string> = new Set([
  'gen_ai.input.messages',
  'gen_ai.output.messages',
  'gen_ai.system_instructions',
  'gen_ai.prompt',
  'gen_ai.completion',
  'gen_ai.tool.call.arguments',
  'gen_ai.tool.call.result',
  'gen_ai.tool.description',
  'gen_ai.tool.definitions',
  'gen_ai.retrieval.query.text',
  'gen_ai.retrieval.documents',
  'gen_ai.memory.query.text',
  'gen_ai.memory.records',
  'gen_ai.evaluation.explanation',
  'lk.amd.reason',
]);
const prefixes = ['gen_ai.prompt.', 'gen_ai.completion.'];

/** Events whose whole body is content, in attributes with neutral names. */
const events =
  /^gen_ai\.(?:(?:system|user|assistant|tool)\.message|choice|client\.inference\.operation\.details)$/;

/** The replacement for an error's message, which may quote anything; the same text as in LiveKit's SDKs. */
export const redactedMessage = 'exception details redacted';

/** Whether an attribute of this name contains content. */
export const holdsContent = (key: string): boolean =>
  marked.test(key) || attributes.has(key) || prefixes.some((prefix) => key.startsWith(prefix));

/** Whether an event of this name is content as a whole. */
export const isContentEvent = (name: string): boolean => events.test(name);
