import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import type * as Yaml from 'yaml';
import { priceFileSchema } from './price-file-schema.ts';
import type { Entry } from './price-list.ts';
import { isPriceField, ratesOf } from './units.ts';

/** The prices of a user's file. */
export interface PriceFile {
  /** The day of which they are. */
  dated: string;
  entries: Entry[];
}

/** A price file that cannot be used. The message names the file, the line and what is there, and says what it takes. */
export class PriceFileError extends Error {
  override name = 'PriceFileError';
}

/** A price file is written by hand; beyond this it is another file. */
const maxBytes = 4 * 1024 * 1024;

/** @throws {PriceFileError} if the file cannot be read, or is no price file */
export function readPriceFile(file: string): PriceFile {
  let text: string;
  try {
    const { size } = statSync(file);
    if (size > maxBytes) throw new Error(`it has ${size} bytes, and a price file at most ${maxBytes}`);
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new PriceFileError(`the price file ${file} cannot be read: ${(error as Error).message}`);
  }
  return parsePriceFile(text, file);
}

/**
 * Reads prices from YAML, or from JSON, which is YAML too.
 *
 * @throws {PriceFileError} if they are none
 */
export function parsePriceFile(text: string, file: string): PriceFile {
  // Loaded when there is a file: jobs and most workers have none.
  const { LineCounter, parseDocument } = createRequire(import.meta.url)('yaml') as typeof Yaml;
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const complain = (offset: number | undefined, problem: string) => {
    const line = offset === undefined ? '' : `:${lineCounter.linePos(offset).line}`;
    return new PriceFileError(`${file}${line}: ${problem}`);
  };
  const [broken] = document.errors;
  if (broken) throw complain(broken.pos[0], `no YAML and no JSON: ${broken.message}`);
  let content: unknown;
  try {
    content = document.toJS();
  } catch (error) {
    throw complain(undefined, (error as Error).message);
  }
  const { data, error } = priceFileSchema.safeParse(content);
  const [issue] = error?.issues ?? [];
  if (issue) {
    const node = issue.path.length > 0 ? document.getIn(issue.path, true) : document.contents;
    const offset = (node as { range?: [number, ...unknown[]] } | undefined)?.range?.[0];
    const value = isScalar(valueAt(content, issue.path));
    throw complain(offset, `${issue.path.map(String).join('.') || 'the file'}${value} ${issue.message}`);
  }
  const { dated, prices } = data as NonNullable<typeof data>;
  const entries = Object.entries(prices).map(([name, { free = false, note, ...published }]) => ({
    name,
    price: {
      rates: ratesOf(Object.fromEntries(Object.entries(published).filter(([field]) => isPriceField(field)))),
      free,
      source: 'user' as const,
      entry: name,
      dated,
      note,
    },
  }));
  return { dated, entries };
}

function valueAt(content: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key],
    content,
  );
}

/** A value as a message shows it, if it is short enough to be shown. */
const isScalar = (value: unknown): string => {
  if (typeof value === 'object' || value === undefined) return '';
  return ` is ${JSON.stringify(value).slice(0, 60)}, but`;
};
