import { z } from 'zod';
import { isPriceField, type PriceFieldName, priceFields } from './units.ts';

/** More dollars than anything costs for a million, an hour or a thousand. */
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
