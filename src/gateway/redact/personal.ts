import { holdsContent } from '../../catalogue/content.ts';

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
