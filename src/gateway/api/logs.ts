import type { z } from 'zod';
import type { LogRecord } from '../decode/records.ts';
import type { SessionFiles } from '../store/session-files.ts';
import type { logsQuerySchema } from './schema.ts';

/** Memory limits for a response, independent of the log's length. */
export interface LogBounds {
  /** Maximum number of lines sorted by time, of eight bytes each. @default a million */
  ordered: number;
  /** Maximum characters of all lines of a response, which has at least one line. @default eight million */
  characters: number;
}

const defaultBounds: LogBounds = { ordered: 1_000_000, characters: 8_000_000 };

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

interface Line {
  /** The sort key: its time; lines beyond the limit of sorted ones are at the end. */
  at: number;
  /** Its index among the lines of the level, in the order of arrival. */
  number: number;
  json: string;
}

const before = (a: Line, b: Line): number => a.at - b.at || a.number - b.number;

/**
 * Lines of a session's log in order of time. The file is read twice, as a stream: first for the times, which determine the
 * lines of the page, then for these lines.
 *
 * @param size the valid bytes of the file
 * @returns the number of lines of the level, and the JSON of the requested ones
 */
export async function logsPage(
  files: SessionFiles,
  size: number,
  { level, limit, offset }: z.output<typeof logsQuerySchema>,
  { ordered, characters }: LogBounds = defaultBounds,
): Promise<{ total: number; logs: string[] }> {
  const least = level ? levels.indexOf(level) : -1;
  async function* matching(): AsyncGenerator<Line> {
    let number = 0;
    for await (const json of files.lines('logs', size)) {
      const log = JSON.parse(json) as LogRecord;
      if (levels.indexOf(log.level) < least) continue;
      yield { at: number < ordered ? log.at : Number.POSITIVE_INFINITY, number, json };
      number += 1;
    }
  }

  let total = 0;
  const times: number[] = [];
  for await (const { at } of matching()) {
    total += 1;
    if (times.length < ordered) times.push(at);
  }
  const isAskedFor = ranks(times, offset, offset + limit);
  const page = new Page(characters);
  if (offset < total) for await (const line of matching()) if (isAskedFor(line)) page.add(line);
  return { total, logs: page.lines() };
}

/** A predicate of each line, called in order: whether its rank is at least `from`, and below `to`. */
function ranks(times: readonly number[], from: number, to: number): (line: Line) => boolean {
  const sorted = Float64Array.from(times).sort();
  const first = sorted[from] ?? Number.POSITIVE_INFINITY;
  const beyond = from >= sorted.length;
  const last = beyond ? Number.NEGATIVE_INFINITY : (sorted[Math.min(to, sorted.length) - 1] ?? 0);
  // Lines with the same time are in order of arrival.
  let atFirst = sorted.indexOf(first);
  let atLast = sorted.indexOf(last);
  return ({ at, number }) => {
    if (number >= times.length) return number >= from && number < to;
    if (at === first) {
      const rank = atFirst++;
      return rank >= from && rank < to;
    }
    return at === last ? atLast++ < to : at > first && at < last;
  };
}

/** The first lines in order, up to the size limit. */
class Page {
  readonly #maxCharacters: number;
  #lines: Line[] = [];
  #characters = 0;
  /** The first line that did not fit; no later line is added. */
  #end?: Line;

  constructor(maxCharacters: number) {
    this.#maxCharacters = maxCharacters;
  }

  add(line: Line): void {
    if (this.#end && before(line, this.#end) > 0) return;
    this.#lines.push(line);
    this.#characters += line.json.length;
    // Not at each line, because it sorts.
    if (this.#characters > 2 * this.#maxCharacters) this.#trim();
  }

  lines(): string[] {
    this.#trim();
    return this.#lines.map(({ json }) => json);
  }

  #trim(): void {
    this.#lines.sort(before);
    while (this.#characters > this.#maxCharacters && this.#lines.length > 1) {
      this.#end = this.#lines.pop();
      this.#characters -= this.#end?.json.length ?? 0;
    }
  }
}
