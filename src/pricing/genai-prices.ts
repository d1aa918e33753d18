import { createRequire } from 'node:module';
import type * as GenaiPrices from '@pydantic/genai-prices';
import { type Price, type PriceFieldName, ratesOf } from './price.ts';

/** Provider names that the library knows, by ours. */
const providers: Readonly<Record<string, string>> = {
  openai: 'openai',
  anthropic: 'anthropic',
  google: 'google',
  azure: 'azure',
  aws: 'aws',
  xai: 'x-ai',
  mistral: 'mistral',
  groq: 'groq',
  deepseek: 'deepseek',
  cerebras: 'cerebras',
  together: 'together',
  fireworks: 'fireworks',
  perplexity: 'perplexity',
  moonshotai: 'moonshotai',
  cohere: 'cohere',
  baseten: 'baseten',
  openrouter: 'openrouter',
};

/** The library's price fields, and ours. Those for other things than a voice agent's usage are left out. */
const fields: Readonly<Record<string, PriceFieldName>> = {
  input_mtok: 'input_per_million',
  cache_read_mtok: 'cached_input_per_million',
  cache_write_mtok: 'cache_write_per_million',
  output_mtok: 'output_per_million',
  input_audio_mtok: 'input_audio_per_million',
  cache_audio_read_mtok: 'cached_input_audio_per_million',
  output_audio_mtok: 'output_audio_per_million',
  input_image_mtok: 'input_image_per_million',
  cache_image_read_mtok: 'cached_input_image_per_million',
  output_image_mtok: 'output_image_per_million',
  input_audio_hours: 'audio_per_hour',
};

/** Providers whose LLMs LiveKit Inference sells at the provider's price, as far as its price list was compared. */
const soldAtMakerPrice: ReadonlySet<string> = new Set(['openai', 'google', 'xai']);
/**
 * Models that it sells at another price: open weights, which others host, and two that cost twice as much as at OpenAI,
 * according to LiveKit's forum in 2026. Their price is not known.
 */
const soldAtOtherPrice = /^(?:openai\/gpt-oss|google\/gemma|openai\/gpt-5\.[45]$)/;

/** Loaded when the first model is looked up: a job process prices nothing. */
let library: typeof GenaiPrices | undefined;
const load = () => {
  library ??= createRequire(import.meta.url)('@pydantic/genai-prices') as typeof GenaiPrices;
  return library;
};

/**
 * A model's price in @pydantic/genai-prices. LiveKit Inference passes LLMs on at their makers' prices, as far as its
 * price list shows; so `livekit` and `openai/gpt-4.1` finds OpenAI's.
 *
 * A price that depends on the length of the prompt is the one for short prompts; one that depends on the time is that of
 * `now`.
 */
export function libraryPrice(provider: string, model: string, now: Date): Price | undefined {
  if (provider === 'livekit') return makerPrice(model, now);
  try {
    const { calcPrice, findProvider } = load();
    // By an exact id: the library's own matching takes any name that contains `openai` for OpenAI.
    const id = Object.hasOwn(providers, provider) ? providers[provider] : undefined;
    const known = id === undefined ? undefined : findProvider({ providerId: id });
    if (!known) return undefined;
    const found = calcPrice({}, model, { provider: known, timestamp: now });
    if (!found) return undefined;
    return {
      rates: ratesOf(toPriceFields(found.model_price)),
      source: 'library',
      entry: `${provider}/${found.model.id}`,
      url: known.pricing_urls?.[0],
    };
  } catch {
    // It throws for a model whose price it cannot calculate.
    return undefined;
  }
}

function makerPrice(model: string, now: Date): Price | undefined {
  const at = model.indexOf('/');
  const maker = model.slice(0, at);
  if (!soldAtMakerPrice.has(maker) || soldAtOtherPrice.test(model)) return undefined;
  const price = libraryPrice(maker, model.slice(at + 1), now);
  return price && { ...price, note: "the maker's price, which LiveKit Inference passes on" };
}

function toPriceFields(price: GenaiPrices.ModelPrice) {
  const found: { [F in PriceFieldName]?: number } = {};
  for (const [name, field] of Object.entries(fields)) {
    const value = price[name];
    if (value !== undefined) found[field] = typeof value === 'number' ? value : value.base;
  }
  return found;
}
