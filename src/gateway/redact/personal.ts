/**
 * What is personal, by the SDKs' own rules (telemetry/redaction.ts and pii.py): a dot-delimited segment `pii` in an
 * attribute's name, the attributes of the GenAI convention that carry content, and the text of exceptions.
 */

const marked = /(^|\.)pii(\.|$)/i;

const contentAttributes: ReadonlySet<string> = new Set([
  'gen_ai.input.messages',
  'gen_ai.output.messages',
  'gen_ai.system_instructions',
  'gen_ai.tool.call.arguments',
  'gen_ai.tool.call.result',
  'gen_ai.tool.description',
  'gen_ai.tool.definitions',
  'gen_ai.retrieval.query.text',
  'gen_ai.retrieval.documents',
  'gen_ai.memory.query.text',
  'gen_ai.memory.records',
  'gen_ai.evaluation.explanation',
]);

/** Text of exceptions, and errors as loggers write them: any of it may quote what was said. */
const exceptionAttributes: ReadonlySet<string> = new Set([
  'exception.message',
  'exception.stacktrace',
  'err',
  'error',
  'exc_info',
]);

/** Events that carry a message in an attribute that says nothing of it. */
export const contentEvents: ReadonlySet<string> = new Set([
  'gen_ai.system.message',
  'gen_ai.user.message',
  'gen_ai.assistant.message',
  'gen_ai.tool.message',
  'gen_ai.choice',
  'gen_ai.client.inference.operation.details',
]);

/** Attributes of a scope that name the room: people are called in rooms that are named after them. */
const roomNames: ReadonlySet<string> = new Set(['room', 'lk.room_name']);

export const isPersonal = (key: string): boolean =>
  marked.test(key) ||
  contentAttributes.has(key) ||
  exceptionAttributes.has(key) ||
  roomNames.has(key) ||
  key.startsWith('gen_ai.prompt.variable');

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
