import type { BillableUnit } from '../catalogue/labels.ts';

/** Takes an amount of a unit; it is above 0. */
export type AddUsage = (unit: BillableUnit, amount: number) => void;

/** What an SDK tells of the tokens that a model read. All but the total are parts of it. */
export interface InputTokens {
  total: number | undefined;
  cached?: number | undefined;
  /** Written to the cache; not among those that came from it. */
  cacheWritten?: number | undefined;
  audio?: number | undefined;
  image?: number | undefined;
  cachedAudio?: number | undefined;
  cachedImage?: number | undefined;
}

/** The same of the tokens that a model wrote. */
export interface OutputTokens {
  total: number | undefined;
  audio?: number | undefined;
  image?: number | undefined;
}

/** Beyond it a count is not believed. */
const maxAmount = 1e12;

/** An amount, or 0 where the figure is missing or cannot be true. */
export const validAmount = (value: number | undefined): number =>
  typeof value === 'number' && value > 0 && value <= maxAmount ? value : 0;

/**
 * Splits input tokens into units that have no token in common and sum to the total, whatever the parts say: a part
 * that exceeds what is left is cut, and what no part tells of is text.
 *
 * Cached tokens without details are taken for text first: a prompt begins with its instructions, and text is what a
 * cache makes cheaper by least, so that the cost is not told too low.
 */
export function splitInput(tokens: InputTokens, take: AddUsage): void {
  const total = validAmount(tokens.total);
  const audio = Math.min(validAmount(tokens.audio), total);
  const image = Math.min(validAmount(tokens.image), total - audio);
  const text = total - audio - image;

  let cached = Math.min(validAmount(tokens.cached), total);
  const fromCache = (most: number) => {
    const taken = Math.min(most, cached);
    cached -= taken;
    return taken;
  };
  let cachedAudio = fromCache(Math.min(validAmount(tokens.cachedAudio), audio));
  let cachedImage = fromCache(Math.min(validAmount(tokens.cachedImage), image));
  const cachedText = fromCache(text);
  cachedAudio += fromCache(audio - cachedAudio);
  cachedImage += fromCache(image - cachedImage);
  const written = Math.min(validAmount(tokens.cacheWritten), text - cachedText);

  addPositive(take, 'input_tokens', text - cachedText - written);
  addPositive(take, 'cached_input_tokens', cachedText);
  addPositive(take, 'cache_write_tokens', written);
  addPositive(take, 'input_audio_tokens', audio - cachedAudio);
  addPositive(take, 'cached_input_audio_tokens', cachedAudio);
  addPositive(take, 'input_image_tokens', image - cachedImage);
  addPositive(take, 'cached_input_image_tokens', cachedImage);
}

/** The same for output tokens. */
export function splitOutput(tokens: OutputTokens, take: AddUsage): void {
  const total = validAmount(tokens.total);
  const audio = Math.min(validAmount(tokens.audio), total);
  const image = Math.min(validAmount(tokens.image), total - audio);
  addPositive(take, 'output_tokens', total - audio - image);
  addPositive(take, 'output_audio_tokens', audio);
  addPositive(take, 'output_image_tokens', image);
}

function addPositive(take: AddUsage, unit: BillableUnit, amount: number): void {
  if (amount > 0) take(unit, amount);
}
