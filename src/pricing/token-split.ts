import type { BillableUnit } from '../catalogue/labels.ts';

/** Adds an amount of a unit; it is above 0. */
export type AddUsage = (unit: BillableUnit, amount: number) => void;

/** The input tokens that an SDK reports. All fields are parts of the total. */
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

/** The output tokens that an SDK reports. */
export interface OutputTokens {
  total: number | undefined;
  audio?: number | undefined;
  image?: number | undefined;
}

/** A larger count is invalid. */
const maxAmount = 1e12;

/** An amount, or 0 if it is missing or invalid. */
export const validAmount = (value: number | undefined): number =>
  typeof value === 'number' && value > 0 && value <= maxAmount ? value : 0;

/**
 * Splits input tokens into units that have no token in common and sum to the total, whatever the parts say: a part
 * that exceeds the remaining tokens is cut, and remaining tokens are text.
 *
 * Cached tokens without details count as text first: a prompt begins with its instructions, and caching reduces the
 * price of text least, so that the cost is not underestimated.
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
