const stem = String.raw`talkgauge-report-\d{8}T\d{6}Z-[\w.-]{1,100}-[0-9a-f]{8}`;
const named = (ending: string) => new RegExp(`^(${stem})\\.(?:${ending})$`);
const ours = named('json|ogg');
const journals = named('journal');
/** What writing one leaves if its process is killed: of a report by write-file-atomic, of a recording by ourselves. */
const parts = named(String.raw`json\.\d+|ogg\.part`);

/**
 * The name of a report's files, without what comes after the dot: when the session began to be observed, its job, and
 * what tells the job's sessions apart.
 *
 * @param at milliseconds since the epoch
 */
export function stemOf(at: number, job: string, session: string): string {
  const time = new Date(at).toISOString().replace(/[-:]|\.\d+/g, '');
  return `talkgauge-report-${time}-${job.replace(/[^\w.-]/g, '_').slice(0, 100) || 'session'}-${session}`;
}

/** Whether a file in a folder of reports is one that Talkgauge has put there: a report, or its recording. */
export const isOurs = (name: string): boolean => ours.test(name);

/** Whether a file is a part of one of ours, which may be in the middle of being written. */
export const isPart = (name: string): boolean => parts.test(name);

/** The stem of the report that a journal is for; undefined: the file is none. */
export const journalStem = (name: string): string | undefined => journals.exec(name)?.[1];
