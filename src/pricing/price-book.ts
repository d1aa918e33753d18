import { builtInEntries } from './built-in-prices.ts';
import { libraryPrice } from './genai-prices.ts';
import type { Price, PriceEntry } from './price.ts';

/**
 * Provider names of prices, by the names that the SDK's plugins report: a host (OpenAI, Anthropic, Mistral) or a brand
 * (Deepgram, Gemini). Other hosts keep their name: a self-hosted OpenAI-compatible server is not OpenAI.
 */
const providers: Readonly<Record<string, string>> = {
  'api.openai.com': 'openai',
  'api.anthropic.com': 'anthropic',
  gemini: 'google',
  'vertex ai': 'google',
  'vertex ai model garden': 'google',
  vertex: 'google',
  'google-vertex': 'google',
  'generativelanguage.googleapis.com': 'google',
  'x-ai': 'xai',
  'api.x.ai': 'xai',
  'api.mistral.ai': 'mistral',
  mistralai: 'mistral',
  'api.groq.com': 'groq',
  'api.deepseek.com': 'deepseek',
  'api.cerebras.ai': 'cerebras',
  'api.together.xyz': 'together',
  'api.fireworks.ai': 'fireworks',
  'api.perplexity.ai': 'perplexity',
  'api.moonshot.ai': 'moonshotai',
  'inference.baseten.co': 'baseten',
  'openrouter.ai': 'openrouter',
  'api.deepgram.com': 'deepgram',
  'eleven labs': 'elevenlabs',
};

/** A provider's name as it is used for prices. */
export function normalizeProvider(name: string): string {
  const lower = name.trim().toLowerCase();
  if (lower.endsWith('.openai.azure.com')) return 'azure';
  return Object.hasOwn(providers, lower) ? (providers[lower] as string) : lower;
}

export const normalizeModel = (name: string): string => name.trim().toLowerCase();

/** The version suffix of a model name: a date, a number, or `latest`. */
const version = /[-@](?:\d{4}-\d{2}-\d{2}|\d{2}-\d{4}|\d{8}|\d{6}|\d{3,4}|latest)$/;

/** The name without its version, or undefined if it has none. */
export function withoutVersion(model: string): string | undefined {
  const base = model.replace(version, '');
  return base === model || base === '' ? undefined : base;
}

/** Whether a pattern, in which `*` stands for any text, matches the name. Runs in linear time. */
export function matches(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return pattern === name;
  const last = rest.pop() as string;
  if (name.length < first.length + last.length) return false;
  if (!name.startsWith(first) || !name.endsWith(last)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= name.length - last.length;
}

interface Pattern {
  provider: string;
  model: string;
  price: Price;
}

/** Separates provider and model: at the first slash, since the model of a gateway has one too. */
export function splitName(name: string): { provider: string; model: string } {
  const at = name.indexOf('/');
  return { provider: normalizeProvider(name.slice(0, at)), model: normalizeModel(name.slice(at + 1)) };
}

/**
 * Finds a model's price among entries: by the exact name, then by the name without its version, then by the pattern with
 * the most characters other than `*`; among equal ones, the first.
 */
export class PriceList {
  readonly #exact = new Map<string, Price>();
  readonly #patterns: Pattern[] = [];

  constructor(entries: readonly PriceEntry[]) {
    for (const { name, price } of entries) {
      const { provider, model } = splitName(name);
      if (name.includes('*')) this.#patterns.push({ provider, model, price });
      else this.#exact.set(`${provider}/${model}`, price);
    }
    const literal = ({ provider, model }: Pattern) => `${provider}${model}`.replaceAll('*', '').length;
    this.#patterns.sort((a, b) => literal(b) - literal(a));
  }

  find(provider: string, model: string): Price | undefined {
    const base = withoutVersion(model);
    return (
      this.#exact.get(`${provider}/${model}`) ??
      (base === undefined ? undefined : this.#exact.get(`${provider}/${base}`)) ??
      this.#patterns.find((pattern) => matches(pattern.provider, provider) && matches(pattern.model, model))
        ?.price
    );
  }
}

export interface PriceBookOptions {
  /** The user's entries, which take precedence. @default none */
  entries?: readonly PriceEntry[];
  /** @default the system's clock */
  now?: () => Date;
}

/** Looks up model prices: in the user's file, then the built-in prices, then the price library. */
export class PriceBook {
  readonly #lists: readonly PriceList[];
  readonly #now: () => Date;

  constructor({ entries = [], now = () => new Date() }: PriceBookOptions = {}) {
    this.#lists = [new PriceList(entries), new PriceList(builtInEntries())];
    this.#now = now;
  }

  /** The price of a model under the names that the SDK reports; undefined if none is known. */
  find(modelProvider: string, modelName: string): Price | undefined {
    const provider = normalizeProvider(modelProvider);
    const model = normalizeModel(modelName);
    for (const list of this.#lists) {
      const price = list.find(provider, model);
      if (price) return price;
    }
    return libraryPrice(provider, model, this.#now());
  }
}
