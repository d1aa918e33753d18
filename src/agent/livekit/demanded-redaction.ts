import type { JobContext } from '@livekit/agents';
import { redactionFlagOf } from './private-apis.ts';

/**
 * Whether LiveKit demands that nothing of a session's content is kept: for the project or job, or by `session.start`.
 * An SDK that does not say demands it.
 */
export function demandsRedaction(session: object, job: Pick<JobContext, 'job'> | undefined): boolean {
  if (job?.job?.enableRedaction === true) return true;
  const { sessionOptions } = session as { sessionOptions?: { recordingOptions?: { redaction?: unknown } } };
  const option = sessionOptions?.recordingOptions?.redaction;
  if (option === true) return true;
  return redactionFlagOf(session) ?? option !== false;
}
