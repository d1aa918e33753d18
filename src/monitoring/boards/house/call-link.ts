import { boardUrl } from './links.ts';

/** Columns, often hidden, by which a row leads to its call. */
export const callColumns = { job: 'Job', trace: 'Trace' } as const;

/** The board of the call that a row is of. */
export const callUrl = (): string =>
  boardUrl('session', {
    job_id: `\${__data.fields["${callColumns.job}"]}`,
    trace_id: `\${__data.fields["${callColumns.trace}"]}`,
  });
