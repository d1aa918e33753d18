import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type BillableUnit, billableUnits } from '../../src/catalogue/labels.ts';
import { type Observation, observation } from '../../src/catalogue/observation.ts';
import { createRecorder } from '../../src/metrics/recorder.ts';
import { OptionError } from '../../src/options.ts';
import { CostDerivation, openPrices, type Prices, type PricesOptions } from '../../src/pricing/cost.ts';
import { PriceBook } from '../../src/pricing/price-book.ts';
import { parsePriceFile } from '../../src/pricing/price-file.ts';
import { sampleOf } from '../agent/worker/exposition.ts';

const identity = { agent_name: 'front-desk', agent_version: '1.4' };
type Component = 'llm' | 'stt' | 'tts' | 'realtime' | 'interruption' | 'eot';

const used = (name: string, component: Component, unit: BillableUnit, amount: number): Observation => {
  const at = name.indexOf('/');
  const model = { model_provider: name.slice(0, at), model_name: name.slice(at + 1) };
  return observation('lk_agents_billable_usage_total', { ...model, component, unit }, amount);
};
const priceFile = (prices: object, dated = '2026-11-01') =>
  parsePriceFile(JSON.stringify({ version: 1, dated, currency: 'USD', prices }), 'prices.json');

/** The cost of usage, and the unpriced usage, by unit. */
async function priced(usage: readonly Observation[], prices: object = {}) {
  const derivation = new CostDerivation(new PriceBook(priceFile(prices)));
  const recorder = createRecorder({ derivation });
  for (const one of usage) recorder.record(one, identity);
  const text = await recorder.expose('text');
  const unpriced = billableUnits.flatMap((unit) => {
    const amount = sampleOf(text, 'lk_agents_cost_unpriced_usage_total', { unit });
    return amount === undefined ? [] : [[unit, amount]];
  });
  return { usd: sampleOf(text, 'lk_agents_cost_usd_total'), unpriced: Object.fromEntries(unpriced), text };
}

describe('cost', () => {
  test('of an LLM is the sum over its kinds of tokens', async () => {
    const { usd, unpriced, text } = await priced([
      used('anthropic/claude-haiku-4-5', 'llm', 'input_tokens', 1_000_000),
      used('anthropic/claude-haiku-4-5', 'llm', 'cached_input_tokens', 2_000_000),
      used('anthropic/claude-haiku-4-5', 'llm', 'cache_write_tokens', 400_000),
      used('anthropic/claude-haiku-4-5', 'llm', 'output_tokens', 100_000),
    ]);
    // 1 × 1 $ + 2 × 0.10 $ + 0.4 × 1.25 $ + 0.1 × 5 $
    expect(usd).toBeCloseTo(2.2, 9);
    expect(unpriced).toEqual({});
    expect(text).toContain(
      'lk_agents_cost_usd_total{agent_name="front-desk",agent_version="1.4",' +
        'model_provider="anthropic",model_name="claude-haiku-4-5",component="llm"} 2.2\n',
    );
  });

  test('of a realtime model uses separate prices for audio and cached audio', async () => {
    const { usd } = await priced([
      used('api.openai.com/gpt-realtime', 'realtime', 'input_tokens', 1000),
      used('api.openai.com/gpt-realtime', 'realtime', 'input_audio_tokens', 1000),
      used('api.openai.com/gpt-realtime', 'realtime', 'cached_input_audio_tokens', 1000),
      used('api.openai.com/gpt-realtime', 'realtime', 'output_audio_tokens', 1000),
    ]);
    // (4 + 32 + 0.40 + 64) $ for a million
    expect(usd).toBeCloseTo(0.1004, 9);
  });

  test('of speech is per character, per minute of audio or per minute of connection', async () => {
    const { usd, unpriced } = await priced([
      used('cartesia/sonic-2', 'tts', 'characters', 2000), // 0.10 $
      used('cartesia/sonic-2', 'tts', 'audio_seconds', 130),
      used('Deepgram/nova-3', 'stt', 'audio_seconds', 600), // 0.048 $
      used('xai/grok-voice-agent', 'realtime', 'session_seconds', 120), // 0.10 $
      used('xai/grok-voice-agent', 'realtime', 'input_audio_tokens', 4000),
    ]);
    expect(usd).toBeCloseTo(0.248, 9);
    // They are billed in one unit; the other units measure the same usage.
    expect(unpriced).toEqual({});
  });

  test('of a TTS billed in tokens excludes its characters', async () => {
    const { usd, unpriced } = await priced([
      used('openai/gpt-4o-mini-tts', 'tts', 'input_tokens', 1000),
      used('openai/gpt-4o-mini-tts', 'tts', 'output_audio_tokens', 10_000),
      used('openai/gpt-4o-mini-tts', 'tts', 'characters', 4000),
      used('openai/gpt-4o-mini-tts', 'tts', 'audio_seconds', 500),
    ]);
    // 0.0006 $ + 0.12 $
    expect(usd).toBeCloseTo(0.1206, 9);
    expect(unpriced).toEqual({});
  });

  test("of such a TTS without reported tokens uses the provider's price per minute", async () => {
    const usage = [
      used('api.openai.com/gpt-4o-mini-tts', 'tts', 'characters', 700),
      used('api.openai.com/gpt-4o-mini-tts', 'tts', 'audio_seconds', 60),
      used('api.openai.com/gpt-4o-mini-tts', 'tts', 'audio_seconds_without_tokens', 60),
    ];
    expect(await priced(usage)).toMatchObject({ usd: 0.015, unpriced: {} });
    const tokens = { 'openai/gpt-4o-mini-tts': { output_audio_per_million: 12 } };
    expect(await priced(usage, tokens)).toMatchObject({
      usd: undefined,
      unpriced: { audio_seconds_without_tokens: 60 },
    });
  });

  test('of a free model is 0 and not unpriced', async () => {
    const usage = [used('ollama/qwen', 'llm', 'input_tokens', 5000)];
    expect(await priced(usage, { 'ollama/*': { free: true } })).toMatchObject({ usd: 0, unpriced: {} });
    expect(await priced(usage, { 'ollama/*': { input_per_million: 0 } })).toMatchObject({ usd: 0 });
  });
});

describe('an unknown model', () => {
  test('has no cost, and each amount is unpriced once', async () => {
    const { usd, unpriced } = await priced([
      used('acme/voice', 'tts', 'characters', 30),
      used('acme/voice', 'tts', 'audio_seconds', 2),
      used('acme/voice', 'tts', 'audio_seconds_without_tokens', 2),
      used('acme/voice', 'tts', 'characters', 12),
    ]);
    expect(usd).toBeUndefined();
    expect(unpriced).toEqual({ characters: 42, audio_seconds: 2 });
  });

  test('has no cost series for any name', async () => {
    const name = fc.oneof(fc.string(), fc.constantFrom('unknown', '__proto__', 'other', '*', 'a*', '../..'));
    await fc.assert(
      fc.asyncProperty(name, fc.constantFrom(...billableUnits), async (model, unit) => {
        const { usd, unpriced } = await priced([used(`nobody/${model}`, 'llm', unit, 3)]);
        expect(usd).toBeUndefined();
        expect(unpriced).toEqual(unit === 'audio_seconds_without_tokens' ? {} : { [unit]: 3 });
      }),
      { numRuns: 60 },
    );
  });

  test('includes models beyond the label cap', async () => {
    const derivation = new CostDerivation(new PriceBook());
    const recorder = createRecorder({ derivation, maxLabelValues: 1 });
    recorder.record(used('openai/gpt-4.1', 'llm', 'input_tokens', 1_000_000), identity);
    recorder.record(used('openai/gpt-4o', 'llm', 'input_tokens', 7), identity);
    const text = await recorder.expose('text');
    expect(sampleOf(text, 'lk_agents_cost_usd_total')).toBe(2);
    expect(sampleOf(text, 'lk_agents_cost_unpriced_usage_total', { model_name: 'other' })).toBe(7);
    expect(sampleOf(text, 'talkgauge_label_overflow_total', { label: 'model_name' })).toBe(1);
  });
});

test('a kind of tokens without a price is unpriced, and the other kinds are priced', async () => {
  const { usd, unpriced } = await priced(
    [
      used('acme/live', 'realtime', 'input_tokens', 1_000_000),
      used('acme/live', 'realtime', 'output_audio_tokens', 50),
    ],
    { 'acme/live': { input_per_million: 3, output_per_million: 9 } },
  );
  expect(usd).toBe(3);
  expect(unpriced).toEqual({ output_audio_tokens: 50 });
});

test('priced and unpriced usage add up to all usage of a model billed in tokens', async () => {
  const prices = { 'acme/live': { input_per_million: 1, output_per_million: 1 } };
  const tokens = billableUnits.filter((unit) => unit.endsWith('_tokens') && !unit.startsWith('audio'));
  const usage = fc.array(fc.tuple(fc.constantFrom(...tokens), fc.nat({ max: 1e6 })), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(usage, async (amounts) => {
      const observations = amounts.map(([unit, amount]) => used('acme/live', 'realtime', unit, amount));
      const { usd = 0, unpriced } = await priced(observations, prices);
      const left = Object.values(unpriced as Record<string, number>).reduce((a, b) => a + b, 0);
      const all = amounts.reduce((total, [, amount]) => total + amount, 0);
      expect(usd * 1e6 + left).toBeCloseTo(all, 3);
    }),
    { numRuns: 60 },
  );
});

describe('changed prices', () => {
  test('apply to later usage', async () => {
    const derivation = new CostDerivation(
      new PriceBook(priceFile({ 'acme/m': { requests_per_thousand: 1000 } })),
    );
    const recorder = createRecorder({ derivation });
    const request = used('acme/m', 'eot', 'requests', 1);
    recorder.record(request, identity);
    derivation.setPrices(new PriceBook(priceFile({ 'acme/m': { requests_per_thousand: 3000 } })));
    recorder.record(request, identity);
    derivation.setPrices(new PriceBook());
    recorder.record(request, identity);
    const text = await recorder.expose('text');
    expect(sampleOf(text, 'lk_agents_cost_usd_total')).toBe(4);
    expect(sampleOf(text, 'lk_agents_cost_unpriced_usage_total')).toBe(1);
  });

  test('are looked up once per hour, because some depend on the time', () => {
    let now = 0;
    let asked = 0;
    class Counting extends PriceBook {
      override find(provider: string, model: string) {
        asked++;
        return super.find(provider, model);
      }
    }
    const recorder = createRecorder({ derivation: new CostDerivation(new Counting(), () => now) });
    const request = used('acme/m', 'eot', 'requests', 1);
    for (let times = 0; times < 5; times++) recorder.record(request, identity);
    expect(asked).toBe(1);
    now = 3_600_000;
    for (let times = 0; times < 5; times++) recorder.record(request, identity);
    expect(asked).toBe(2);
  });
});

let folder: string;
let file: string;
const opened: Prices[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'talkgauge-prices-'));
  file = join(folder, 'prices.yml');
});
afterEach(() => {
  for (const prices of opened.splice(0)) prices.close();
  rmSync(folder, { recursive: true });
});

const head = 'version: 1\ndated: 2026-11-01\ncurrency: USD\n';
const write = (dollars: string, to = file) =>
  writeFileSync(to, `${head}prices:\n  acme/m: { requests_per_thousand: ${dollars} }\n`);

function open(options: PricesOptions = { file }) {
  const logged: string[] = [];
  const reloads: string[] = [];
  const prices = openPrices({
    reloadMs: 20,
    log: (message) => logged.push(message),
    onReload: (result) => reloads.push(result),
    ...options,
  });
  opened.push(prices);
  const request = { model_provider: 'acme', model_name: 'm', component: 'eot', unit: 'requests' };
  /** US dollars per thousand requests. */
  const price = () => {
    const [derived] = prices.derivation.of(request);
    return derived?.metric === 'lk_agents_cost_usd_total' ? derived.factor * 1000 : undefined;
  };
  return { prices, logged, reloads, price };
}

async function waitUntil(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

test('without a file the built-in prices are used, dated by the oldest one', () => {
  const { prices, price } = open({});
  expect(price()).toBeUndefined();
  expect(prices.states()).toEqual([
    {
      metric: 'talkgauge_price_file_timestamp_seconds',
      labels: { source: 'builtin' },
      value: Date.UTC(2026, 3, 4) / 1000,
      exemplar: undefined,
    },
  ]);
});

test('with a file its prices and date are used as well', () => {
  write('5');
  const { prices, price } = open();
  expect(price()).toBe(5);
  expect(prices.states()).toContainEqual(
    expect.objectContaining({ labels: { source: 'user' }, value: Date.UTC(2026, 10, 1) / 1000 }),
  );
});

test('an invalid file at the start is an error that names the option, the line and the allowed values', () => {
  write('much');
  expect(() => open({ file, option: 'TALKGAUGE_PRICES' })).toThrow(OptionError);
  expect(() => open({ file, option: 'TALKGAUGE_PRICES' })).toThrow(
    `TALKGAUGE_PRICES="${file}" cannot be used: ${file}:5: prices.acme/m.requests_per_thousand is "much", but takes dollars`,
  );
  expect(() => open({ file: join(folder, 'none.yml') })).toThrow(
    /^prices=".*none\.yml" cannot be used: .*ENOENT/,
  );
});

describe('a changed price file', () => {
  test('is reloaded', async () => {
    write('5');
    const { prices, price, reloads } = open();
    const { revision } = prices.derivation;
    write('7.25');
    await waitUntil(() => reloads.length > 0);
    expect([price(), reloads]).toEqual([7.25, ['ok']]);
    expect(prices.derivation.revision).toBeGreaterThan(revision);
  });

  test('is reloaded when a symbolic link is replaced, as in Kubernetes', async () => {
    const [before, after] = [join(folder, 'a.yml'), join(folder, 'b.yml')];
    write('5', before);
    write('11', after);
    symlinkSync(before, file);
    const { price, reloads } = open();
    symlinkSync(after, `${file}.new`);
    renameSync(`${file}.new`, file);
    await waitUntil(() => reloads.length > 0);
    expect(price()).toBe(11);
  });

  test('with an error is reported once, and the previous prices stay in use', async () => {
    write('5');
    const { price, reloads, logged } = open();
    write('-1');
    await waitUntil(() => reloads.length > 0);
    // As long as several checks of the file.
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect([price(), reloads]).toEqual([5, ['failed']]);
    expect(logged).toEqual([
      `The old prices stay in use: ${file}:5: prices.acme/m.requests_per_thousand is -1, but takes dollars: ` +
        'a number from 0 to 1000000',
    ]);
    write('6');
    await waitUntil(() => reloads.length > 1);
    expect([price(), reloads]).toEqual([6, ['failed', 'ok']]);
  });

  test('keeps its prices when it is deleted', async () => {
    write('5');
    const { price, reloads, logged } = open();
    rmSync(file);
    await waitUntil(() => reloads.length > 0);
    expect(price()).toBe(5);
    expect(logged.join()).toContain('ENOENT');
  });

  test('is not read after close', async () => {
    write('5');
    const { prices, price, reloads } = open();
    prices.close();
    write('7.25');
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect([price(), reloads]).toEqual([5, []]);
  });
});
