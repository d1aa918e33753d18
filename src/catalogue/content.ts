/**
 * What of spans and logs holds conversation content, whoever takes it out: a job before it is sent, or the gateway before it
 * is kept. Source: the SDKs' own rules (telemetry/redaction.ts and pii.py) and the GenAI semantic conventions.
 */

/** LiveKit marks content by a dot-delimited segment `pii` in an attribute's name. */
const marked = /(^|\.)pii(\.|$)/i;

/** Attributes that hold content under names of others: the GenAI conventions', and one of the SDK's that it does not mark. */
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

/** Events whose whole body is content, in attributes that say nothing of it. */
const events =
  /^gen_ai\.(?:(?:system|user|assistant|tool)\.message|choice|client\.inference\.operation\.details)$/;

/** What stands for the message of an error, which may quote anything; LiveKit's SDKs say the same. */
export const redactedMessage = 'exception details redacted';

/** Whether an attribute of this name holds content. */
export const holdsContent = (key: string): boolean =>
  marked.test(key) || attributes.has(key) || prefixes.some((prefix) => key.startsWith(prefix));

/** Whether an event of this name is content as a whole. */
export const isContentEvent = (name: string): boolean => events.test(name);
