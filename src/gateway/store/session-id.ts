import { createHash } from 'node:crypto';

/** Names that are safe as a folder, in a URL and as an object's key. */
const safe = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/;

export const isSessionId = (text: string): boolean => safe.test(text);

/**
 * The name under which a session is kept: its job's id as it is, if that is safe. What an SDK sends is not trusted to
 * be: anything else is kept under its hash.
 */
export const sessionIdOf = (sent: string): string =>
  isSessionId(sent) ? sent : `x-${createHash('sha256').update(sent).digest('hex').slice(0, 32)}`;
