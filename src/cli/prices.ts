import { stdout } from 'node:process';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Price, PriceSource } from '../pricing/price.ts';

const sources: Record<PriceSource, string> = {
  user: 'your price file',
  builtin: 'the built-in list',
  library: '@pydantic/genai-prices',
};

const model = (text: string, before: string[] = []): string[] => {
  if (!/^[^/]+\/.+$/.test(text)) throw new InvalidArgumentError('It takes provider/model.');
  return [...before, text];
};

/** Adds `talkgauge prices PROVIDER/MODEL …`. */
export function addPrices(program: Command): void {
  program
    .command('prices')
    .description('show the prices of models and their sources; exits with 1 if a model has no price')
    .argument(
      '<models...>',
      'values of the labels model_provider and model_name, such as openai/gpt-4o-mini',
      model,
    )
    .addOption(
      new Option('--prices <file>', 'price file that overrides the built-in prices').env('TALKGAUGE_PRICES'),
    )
    .action(async (models: string[], { prices: file }: { prices?: string }) => {
      // Loaded for this command only: others, such as the health check of a container, start faster without.
      const { PriceBook } = await import('../pricing/price-book.ts');
      const { readPriceFile } = await import('../pricing/price-file.ts');
      const { publishedOf } = await import('../pricing/price.ts');
      const book = new PriceBook(file === undefined ? {} : readPriceFile(file));
      for (const name of models) {
        const at = name.indexOf('/');
        const price = book.find(name.slice(0, at), name.slice(at + 1));
        stdout.write(
          `${name}: ${price ? describe(price, publishedOf(price.rates)) : 'no price; its usage is unpriced'}\n`,
        );
        if (!price) process.exitCode = 1;
      }
    });
}

/** @param published the price by the fields of a price file */
function describe({ source, entry, dated, url, note, free }: Price, published: object): string {
  const origin = [`${sources[source]}, as ${entry}`, dated && `of ${dated}`, url].filter(Boolean).join(', ');
  const prices = free ? [['free', '']] : Object.entries(published);
  return [
    origin,
    ...(note ? [`  ${note}`] : []),
    ...prices.map(([field, dollars]) => `  ${field} ${dollars}`.trimEnd()),
  ].join('\n');
}
