import { describe, expect, test } from 'vitest';
import { builtInEntries } from '../../src/pricing/built-in-prices.ts';
import { publishedOf, rateOf } from '../../src/pricing/price.ts';
import { matches, normalizeProvider, PriceBook, withoutVersion } from '../../src/pricing/price-book.ts';
import { parsePriceFile } from '../../src/pricing/price-file.ts';

const file = (prices: object) =>
  parsePriceFile(JSON.stringify({ version: 1, dated: '2026-11-01', currency: 'USD', prices }), 'prices.json');
const book = (prices: object = {}) => new PriceBook({ ...file(prices), now: () => new Date('2026-11-01') });
/** The source of a price, and the price. */
function found(from: PriceBook, provider: string, model: string) {
  const price = from.find(provider, model);
  return price && [price.source, price.entry, price.free ? 'free' : publishedOf(price.rates)];
}

describe('an LLM', () => {
  test.each([
    ['openai', 'gpt-4o-mini', 'openai/gpt-4o-mini', [0.15, 0.075, 0.6]],
    ['api.openai.com', 'gpt-4o-mini-2024-07-18', 'openai/gpt-4o-mini', [0.15, 0.075, 0.6]],
    ['openai', 'gpt-4.1', 'openai/gpt-4.1', [2, 0.5, 8]],
    ['google', 'gemini-2.5-flash', 'google/gemini-2.5-flash', [0.3, 0.03, 2.5]],
    ['livekit', 'openai/gpt-4o-mini', 'openai/gpt-4o-mini', [0.15, 0.075, 0.6]],
    // Tiered by prompt length; the lowest tier is used.
    ['google', 'gemini-2.5-pro', 'google/gemini-2.5-pro', [1.25, 0.125, 10]],
  ])('%s/%s has the price of the bundled library', (provider, model, entry, [input, cached, output]) => {
    expect(found(book(), provider, model)).toEqual([
      'library',
      entry,
      expect.objectContaining({
        input_per_million: input,
        cached_input_per_million: cached,
        output_per_million: output,
      }),
    ]);
  });

  test('has separate prices for cache writes and for audio', () => {
    expect(found(book(), 'anthropic', 'claude-haiku-4-5')?.[2]).toMatchObject({
      input_per_million: 1,
      cached_input_per_million: 0.1,
      cache_write_per_million: 1.25,
      output_per_million: 5,
    });
    expect(found(book(), 'openai', 'gpt-realtime')?.[2]).toEqual({
      input_per_million: 4,
      cached_input_per_million: 0.4,
      output_per_million: 16,
      input_audio_per_million: 32,
      cached_input_audio_per_million: 0.4,
      output_audio_per_million: 64,
      input_image_per_million: 5,
      cached_input_image_per_million: 0.5,
    });
  });

  test.each([
    ['openai', 'gpt-nonesuch'],
    ['unknown', 'gpt-4o'],
    ['unknown', 'unknown'],
    ['localhost:11434', 'gpt-4o'],
    ['my-openai-proxy', 'gpt-4o'],
    ['constructor', 'constructor'],
    ['openai', ''],
    ['livekit', 'openai/gpt-5.4'],
    ['livekit', 'openai/gpt-oss-120b'],
    ['livekit', 'livekit/openai/gpt-4.1'],
    ['livekit', 'gpt-4.1'],
  ])('%s/%s has no price', (provider, model) => expect(book().find(provider, model)).toBeUndefined());
});

describe('speech models', () => {
  test.each([
    ['Deepgram', 'nova-3', 'deepgram/nova-3', { audio_per_minute: 0.0048 }],
    ['livekit', 'deepgram/nova-3', 'livekit/deepgram/nova-3', { audio_per_minute: 0.0048 }],
    ['cartesia', 'sonic-3-2026-01-12', 'cartesia/sonic*', { characters_per_thousand: 0.05 }],
    ['ElevenLabs', 'eleven_flash_v2_5', 'elevenlabs/eleven_flash_v2*', { characters_per_thousand: 0.05 }],
    ['xai', 'grok-voice-agent', 'xai/grok-voice-agent', { session_per_minute: 0.05 }],
    ['livekit', 'turn-detector-v1', 'livekit/turn-detector*', 'free'],
  ])('%s/%s has a built-in price', (provider, model, entry, price) => {
    expect(found(book(), provider, model)).toEqual(['builtin', entry, price]);
  });

  test('each have a date, a source page and a price as built-in entries', () => {
    const entries = builtInEntries();
    expect(entries.length).toBeGreaterThan(30);
    for (const { name, price } of entries) {
      expect(name).toMatch(/^[a-z0-9]+\/[a-z0-9._/* -]+$/);
      expect(price.dated).toMatch(/^20\d\d-\d\d-\d\d$/);
      expect(price.url).toMatch(/^https:\/\//);
      expect(price.free || Object.keys(price.rates).length > 0).toBe(true);
    }
    expect(new Set(entries.map(({ name }) => name)).size).toBe(entries.length);
  });
});

describe("the user's file", () => {
  test('takes precedence over the built-in prices and the library', () => {
    const mine = book({
      'deepgram/nova-3': { audio_per_minute: 0.0042 },
      'openai/gpt-4o-mini': { input_per_million: 0.12, output_per_million: 0.48 },
    });
    expect(found(mine, 'Deepgram', 'nova-3')).toEqual([
      'user',
      'deepgram/nova-3',
      { audio_per_minute: 0.0042 },
    ]);
    expect(found(mine, 'api.openai.com', 'gpt-4o-mini-2024-07-18')?.[0]).toBe('user');
    expect(found(mine, 'openai', 'gpt-4.1')?.[0]).toBe('library');
  });

  test('is matched by exact name, then by name without version, then by the longest pattern', () => {
    const mine = book({
      'acme/*': { requests_per_thousand: 1 },
      'acme/voice-*': { requests_per_thousand: 2 },
      'acme/voice-x': { requests_per_thousand: 3 },
      'acme/voice-x-2026-01-01': { requests_per_thousand: 4 },
    });
    const price = (model: string) => found(mine, 'ACME', model)?.[1];
    expect(price('voice-x-2026-01-01')).toBe('acme/voice-x-2026-01-01');
    expect(price('Voice-X-2026-02-02')).toBe('acme/voice-x');
    expect(price('voice-y')).toBe('acme/voice-*');
    expect(price('other')).toBe('acme/*');
    expect(found(mine, 'acme2', 'voice-x')).toBeUndefined();
  });

  test('can mark custom models as free', () => {
    const price = book({ 'localhost:*/*': { free: true } }).find('localhost:11434', 'qwen2.5');
    expect(rateOf(price!, 'output_tokens')).toBe(0);
    expect(rateOf(price!, 'audio_seconds')).toBe(0);
  });
});

describe('the rate of a unit', () => {
  const rate = (price: object, unit: Parameters<typeof rateOf>[1]) =>
    rateOf(book({ 'acme/m': price }).find('acme', 'm')!, unit);

  test('is the published price per unit', () => {
    expect(rate({ input_per_million: 3 }, 'input_tokens')).toBe(0.000003);
    expect(rate({ audio_per_hour: 0.36 }, 'audio_seconds')).toBeCloseTo(0.0001, 15);
    expect(rate({ characters_per_thousand: 0.03 }, 'characters')).toBeCloseTo(0.00003, 15);
    expect(rate({ requests_per_thousand: 5 }, 'requests')).toBe(0.005);
  });

  test('of cached tokens, cache writes and images defaults to the rate of input', () => {
    const price = { input_per_million: 2, input_audio_per_million: 30, output_per_million: 8 };
    expect(rate(price, 'cached_input_tokens')).toBe(0.000002);
    expect(rate(price, 'cache_write_tokens')).toBe(0.000002);
    expect(rate(price, 'cached_input_image_tokens')).toBe(0.000002);
    expect(rate(price, 'cached_input_audio_tokens')).toBe(0.00003);
  });

  test('of audio and output has no default', () => {
    expect(rate({ input_per_million: 2 }, 'output_tokens')).toBeUndefined();
    expect(rate({ input_per_million: 2, output_per_million: 8 }, 'output_audio_tokens')).toBeUndefined();
    expect(rate({ input_per_million: 2 }, 'input_audio_tokens')).toBeUndefined();
    expect(rate({ input_per_million: 2 }, 'audio_seconds_without_tokens')).toBeUndefined();
  });

  test('is undefined for units in which the model is not billed', () => {
    expect(rate({ input_per_million: 2 }, 'characters')).toBe('unbilled');
    expect(rate({ input_per_million: 2 }, 'audio_seconds')).toBe('unbilled');
    expect(rate({ characters_per_million: 50 }, 'audio_seconds')).toBe('unbilled');
    expect(rate({ characters_per_million: 50 }, 'audio_seconds_without_tokens')).toBe('unbilled');
    expect(rate({ session_per_minute: 0.05 }, 'input_audio_tokens')).toBe('unbilled');
  });
});

describe('a provider', () => {
  test.each([
    ['openai', 'openai'],
    ['api.openai.com', 'openai'],
    ['Deepgram', 'deepgram'],
    ['ElevenLabs', 'elevenlabs'],
    ['Gemini', 'google'],
    ['Vertex AI', 'google'],
    ['api.x.ai', 'xai'],
    ['contoso.openai.azure.com', 'azure'],
    ['localhost:11434', 'localhost:11434'],
    ['openai.example.com', 'openai.example.com'],
    ['constructor', 'constructor'],
    ['__proto__', '__proto__'],
    ['', ''],
  ])('with the name %j is normalised to %j', (name, provider) =>
    expect(normalizeProvider(name)).toBe(provider),
  );
});

describe('a model', () => {
  test.each([
    ['gpt-4o-mini-2024-07-18', 'gpt-4o-mini'],
    ['claude-haiku-4-5-20251001', 'claude-haiku-4-5'],
    ['claude-3-5-sonnet@20240620', 'claude-3-5-sonnet'],
    ['gemini-2.0-flash-001', 'gemini-2.0-flash'],
    ['gpt-4-0613', 'gpt-4'],
    ['sonic-3-latest', 'sonic-3'],
    ['gemini-2.5-flash-preview-09-2025', 'gemini-2.5-flash-preview'],
  ])('%s is a version of %s', (name, base) => expect(withoutVersion(name)).toBe(base));

  test.each(['nova-3', 'gpt-4.1', 'eleven_flash_v2_5', 'whisper-1', 'gpt-4o-mini', '-2024-07-18'])(
    '%s has no version',
    (name) => expect(withoutVersion(name)).toBeUndefined(),
  );
});

describe('a pattern', () => {
  test.each([
    ['sonic*', 'sonic-2', true],
    ['sonic*', 'sonic', true],
    ['sonic*', 'a-sonic', false],
    ['*-mini', 'gpt-4o-mini', true],
    ['*', '', true],
    ['a*b*c', 'a-b-c', true],
    ['a*b*c', 'a-c', false],
    ['aa*aa', 'aaa', false],
    ['a*b*b', 'ab', false],
    ['sonic', 'sonic-2', false],
    ['s.nic*', 'sonic', false],
  ])('%s and %s: %s', (pattern, name, is) => expect(matches(pattern, name)).toBe(is));

  test('with catastrophic backtracking in a regular expression is matched quickly', () => {
    expect(matches(`${'*a'.repeat(140)}*b`, 'a'.repeat(128))).toBe(false);
    expect(matches(`${'a*'.repeat(40)}b`, 'a'.repeat(128))).toBe(false);
  });
});
