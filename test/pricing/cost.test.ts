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

/** What usage costs, and how much of it is unpriced, by unit. */
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
  test('of an LLM is that of each kind of its tokens', async () => {
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

  test('of a realtime model has audio and cached audio at their own prices', async () => {
    const { usd } = await priced([
      used('api.openai.com/gpt-realtime', 'realtime', 'input_tokens', 1000),
      used('api.openai.com/gpt-realtime', 'realtime', 'input_audio_tokens', 1000),
      used('api.openai.com/gpt-realtime', 'realtime', 'cached_input_audio_tokens', 1000),
      used('api.openai.com/gpt-realtime', 'realtime', 'output_audio_tokens', 1000),
    ]);
    // (4 + 32 + 0.40 + 64) $ for a million
    expect(usd).toBeCloseTo(0.1004, 9);
  });

  test('of speech is by character, by minute of audio or by minute of connection', async () => {
    const { usd, unpriced } = await priced([
      used('cartesia/sonic-2', 'tts', 'characters', 2000), // 0.10 $
      used('cartesia/sonic-2', 'tts', 'audio_seconds', 130),
      used('Deepgram/nova-3', 'stt', 'audio_seconds', 600), // 0.048 $
      used('xai/grok-voice-agent', 'realtime', 'session_seconds', 120), // 0.10 $
      used('xai/grok-voice-agent', 'realtime', 'input_audio_tokens', 4000),
    ]);
    expect(usd).toBeCloseTo(0.248, 9);
    // They are billed in one measure; the others are the same thing once more.
    expect(unpriced).toEqual({});
  });

  test('of a voice that is billed in tokens is by its tokens, and not by its characters too', async () => {
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

  test("of such a voice whose plugin tells no tokens is by the provider's price of a minute", async () => {
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

  test('of a model that is free is 0, and known to be', async () => {
    const usage = [used('ollama/qwen', 'llm', 'input_tokens', 5000)];
    expect(await priced(usage, { 'ollama/*': { free: true } })).toMatchObject({ usd: 0, unpriced: {} });
    expect(await priced(usage, { 'ollama/*': { input_per_million: 0 } })).toMatchObject({ usd: 0 });
  });
});

describe('an unknown model', () => {
  test('has no cost, and each of its amounts is unpriced once', async () => {
    const { usd, unpriced } = await priced([
      used('acme/voice', 'tts', 'characters', 30),
      used('acme/voice', 'tts', 'audio_seconds', 2),
      used('acme/voice', 'tts', 'audio_seconds_without_tokens', 2),
      used('acme/voice', 'tts', 'characters', 12),
    ]);
    expect(usd).toBeUndefined();
    expect(unpriced).toEqual({ characters: 42, audio_seconds: 2 });
  });

  test('is never 0 $, whatever it is called', async () => {
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

  test('is what a model becomes that has too many names beside it', async () => {
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

test('a kind of tokens that a price does not tell is unpriced, and the others are priced', async () => {
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

test('cost and unpriced usage make up all usage of a model that is billed in tokens', async () => {
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

describe('other prices', () => {
  test('hold for what is used from then on', async () => {
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

  test('are looked up once, and again in another hour: some depend on the time', () => {
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
  const said: string[] = [];
  const reloads: string[] = [];
  const prices = openPrices({
    reloadMs: 20,
    log: (message) => said.push(message),
    onReload: (result) => reloads.push(result),
    ...options,
  });
  opened.push(prices);
  const request = { model_provider: 'acme', model_name: 'm', component: 'eot', unit: 'requests' };
  /** Dollars for a thousand requests. */
  const price = () => {
    const [derived] = prices.derivation.of(request);
    return derived?.metric === 'lk_agents_cost_usd_total' ? derived.factor * 1000 : undefined;
  };
  return { prices, said, reloads, price };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

test('without a file there are the built-in prices, of the day of the oldest', () => {
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

test('with a file its prices and its day are there too', () => {
  write('5');
  const { prices, price } = open();
  expect(price()).toBe(5);
  expect(prices.states()).toContainEqual(
    expect.objectContaining({ labels: { source: 'user' }, value: Date.UTC(2026, 10, 1) / 1000 }),
  );
});

test('a file that cannot be used at the start is an error that names the option, the line and what it takes', () => {
  write('much');
  expect(() => open({ file, option: 'TALKGAUGE_PRICES' })).toThrow(OptionError);
  expect(() => open({ file, option: 'TALKGAUGE_PRICES' })).toThrow(
    `TALKGAUGE_PRICES="${file}" cannot be used: ${file}:5: prices.acme/m.requests_per_thousand is "much", but takes dollars`,
  );
  expect(() => open({ file: join(folder, 'none.yml') })).toThrow(
    /^prices=".*none\.yml" cannot be used: .*ENOENT/,
  );
});

describe('a file that changes', () => {
  test('is taken up', async () => {
    write('5');
    const { prices, price, reloads } = open();
    const { revision } = prices.derivation;
    write('7.25');
    await until(() => reloads.length > 0);
    expect([price(), reloads]).toEqual([7.25, ['ok']]);
    expect(prices.derivation.revision).toBeGreaterThan(revision);
  });

  test('by the exchange of a symbolic link, as in Kubernetes, is taken up', async () => {
    const [before, after] = [join(folder, 'a.yml'), join(folder, 'b.yml')];
    write('5', before);
    write('11', after);
    symlinkSync(before, file);
    const { price, reloads } = open();
    symlinkSync(after, `${file}.new`);
    renameSync(`${file}.new`, file);
    await until(() => reloads.length > 0);
    expect(price()).toBe(11);
  });

  test('into one that cannot be used is reported once, and the prices before it stay', async () => {
    write('5');
    const { price, reloads, said } = open();
    write('-1');
    await until(() => reloads.length > 0);
    // As long as several looks at the file.
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect([price(), reloads]).toEqual([5, ['failed']]);
    expect(said).toEqual([
      `The old prices stay in use: ${file}:5: prices.acme/m.requests_per_thousand is -1, but takes dollars: ` +
        'a number from 0 to 1000000',
    ]);
    write('6');
    await until(() => reloads.length > 1);
    expect([price(), reloads]).toEqual([6, ['failed', 'ok']]);
  });

  test('by being deleted keeps its prices', async () => {
    write('5');
    const { price, reloads, said } = open();
    rmSync(file);
    await until(() => reloads.length > 0);
    expect(price()).toBe(5);
    expect(said.join()).toContain('ENOENT');
  });

  test('after the end is not looked at any more', async () => {
    write('5');
    const { prices, price, reloads } = open();
    prices.close();
    write('7.25');
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect([price(), reloads]).toEqual([5, []]);
  });
});
