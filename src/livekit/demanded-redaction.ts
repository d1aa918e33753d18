import type { JobContext } from '@livekit/agents';

/** Whether LiveKit demands that nothing of a session's content is kept: for the project or job, or by `session.start`. */
export const demandsRedaction = (session: object, job: Pick<JobContext, 'job'> | undefined): boolean =>
  job?.job?.enableRedaction === true ||
  (session as { _redactionEnabled?: boolean })._redactionEnabled === true;
