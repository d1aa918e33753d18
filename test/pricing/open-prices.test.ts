import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OptionError } from '../../src/options.ts';
import { openPrices, type Prices, type PricesOptions } from '../../src/pricing/open-prices.ts';

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
      `The prices stay as they were: ${file}:5: prices.acme/m.requests_per_thousand is -1, but takes dollars: ` +
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
