import { readFileSync, statSync } from 'node:fs';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { isPriceField, type PriceEntry, type PriceFieldName, priceFields, ratesOf } from './price.ts';

/** An upper limit for any price. */
const maxDollars = 1e6;

const dollars = z
  .number(`takes dollars: a number from 0 to ${maxDollars}`)
  .min(0, `takes dollars: a number from 0 to ${maxDollars}`)
  .max(maxDollars, `takes dollars: a number from 0 to ${maxDollars}`);

const text = z.string('takes a text').max(1000, 'takes a text of at most 1000 characters');

const fields = Object.keys(priceFields) as PriceFieldName[];
const dollarFields = Object.fromEntries(fields.map((name) => [name, dollars.optional()])) as {
  [F in PriceFieldName]: z.ZodOptional<typeof dollars>;
};

const entry = z
  .strictObject(
    {
      ...dollarFields,
      free: z.literal(true, 'takes true, or is left out').optional(),
      note: text.optional(),
    },
    {
      error: ({ code, keys }) =>
        code === 'unrecognized_keys'
          ? `has a field ${JSON.stringify((keys as string[])[0])}, which is none of ${fields.join(', ')}, free, note`
          : 'takes prices, such as { input_per_million: 0.15, output_per_million: 0.6 }, or { free: true }',
    },
  )
  .superRefine((price, context) => {
    const priced = Object.keys(price).filter(isPriceField);
    const complain = (message: string) => context.addIssue({ code: 'custom', message });
    if (price.free && priced.length > 0) complain('is free and has a price; give one or the other');
    if (!price.free && priced.length === 0) complain('has no price; give one, or free: true');
    for (const [at, name] of priced.entries()) {
      const other = priced.slice(0, at).find((known) => priceFields[known].unit === priceFields[name].unit);
      if (other) complain(`has both ${other} and ${name}, which price the same; give one of them`);
    }
  });

const name = z
  .string()
  .max(300, 'is too long for provider/model: at most 300 characters')
  .regex(/^[^/]+\/.+$/, 'takes provider/model as a name, such as openai/gpt-4o-mini or ollama/*');

/** A price file, as its author writes it. */
export const priceFileSchema = z.strictObject(
  {
    version: z.literal(1, 'takes 1, the version of this format'),
    dated: z.iso.date('takes the day of which the prices are, as 2026-11-01'),
    currency: z.literal('USD', 'takes USD; convert your prices, for costs are added up in dollars'),
    prices: z
      .record(name, entry, {
        error: ({ code, issues }) =>
          code === 'invalid_key'
            ? (issues as { message: string }[])[0]?.message
            : 'takes prices by model, such as { openai/gpt-4o-mini: { input_per_million: 0.15 } }',
      })
      .refine((all) => Object.keys(all).length <= 10_000, 'takes at most 10000 models'),
  },
  {
    error: ({ code, keys }) =>
      code === 'unrecognized_keys'
        ? `has a field ${JSON.stringify((keys as string[])[0])}, which is none of version, dated, currency, prices`
        : 'takes a map of version, dated, currency and prices',
  },
);

/** The prices of a user's file. */
export interface PriceFile {
  /** The day of which they are. */
  dated: string;
  entries: PriceEntry[];
}

/** A price file that cannot be used. The message has the file, the line, the value and the expected format. */
export class PriceFileError extends Error {
  override name = 'PriceFileError';
}

/** A price file is written by hand: a larger file is not one. */
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
