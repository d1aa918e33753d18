import type { Options } from '../../options.ts';

/** What of a session is kept, named as in LiveKit's `session.start({ record })`. */
export interface RecordSwitches {
  /** What was heard: for what records audio (tracing and logs do not). @default false */
  audio?: boolean;
  /** What was said, as text: in the records of the conversation, with the arguments and answers of tools. @default false */
  transcript?: boolean;
  /** The job's spans. @default true, where there is a backend */
  traces?: boolean;
  /** The agent's log, and records of the conversation without what was said. @default true, where there is a backend */
  logs?: boolean;
}

const names = ['audio', 'transcript', 'traces', 'logs'] as const;
const givenSwitches = (options: Options) => options.switches('record', 'TALKGAUGE_RECORD', names);
const standard = { audio: false, transcript: false, traces: true, logs: true };

/**
 * The switches by option (`true` and `false` are for all of them), else by TALKGAUGE_RECORD: the names of those that
 * are on, with commas in between, or `none`.
 *
 * @throws {OptionError} for an option that cannot be used
 */
export function resolveSwitches(options: Options): Required<RecordSwitches> {
  const given = givenSwitches(options);
  if (!given) return standard;
  return { ...standard, ...given };
}

/** What has been said of audio in so many words; undefined: nothing, and asking for a recording is saying it. */
export const audioSwitch = (options: Options): boolean | undefined => givenSwitches(options)?.audio;
