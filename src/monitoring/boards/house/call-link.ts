import { boardUrl } from './links.ts';

/** Columns, often hidden, by which a row leads to its call. */
export const callColumns = { job: 'Job', trace: 'Trace' } as const;

/**
 * What the board of a call has in place of what is not known of it. A panel of one trace asks for whatever is there: an id that
 * is none, or that Tempo does not have, is an error in it; TraceQL that is false finds nothing.
 */
export const unknownCall = { job_id: 'none', trace_id: '{false}' } as const;

/** The board of the call that a row is of. */
export const callUrl = (): string =>
  boardUrl('session', {
    job_id: `\${__data.fields["${callColumns.job}"]}`,
    trace_id: `\${__data.fields["${callColumns.trace}"]}`,
  });
