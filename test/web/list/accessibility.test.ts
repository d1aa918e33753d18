import { describe, expect, test } from 'vitest';
import { violationsIn } from '../accessibility.ts';
import { noBrowser, openPage, takePageErrors } from '../browser.ts';
import { sharedGateway } from '../gateways.ts';
import { fillWith } from '../sessions.ts';

const all = sharedGateway((gateway) =>
  fillWith(
    gateway,
    { job: 'AJ_1', latency: 2 },
    { job: 'AJ_2', latency: 6, toolError: true, interrupted: true, reason: 'error' },
    { job: 'AJ_3', redacted: true },
    { job: 'AJ_4', live: true, ago: 5, seconds: 5 },
  ),
);
const empty = sharedGateway(async () => {});

describe.skipIf(noBrowser)('the list has no accessibility violations', () => {
  test.each([
    ['a table', 1280],
    ['cards', 390],
  ])('as %s', async (_what, width) => {
    const gateway = await all();
    const page = await openPage(gateway.url, { viewport: { width, height: 844 } });
    await page.locator('a[data-session="AJ_4"]').waitFor();
    expect(await violationsIn(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    for (const name of ['Agent', 'Started', 'More']) {
      await page.getByRole('search').getByRole('button', { name, exact: true }).click();
      expect(await violationsIn(page)).toEqual([]);
      await page.keyboard.press('Escape');
    }
  });

  test('with no sessions', async () => {
    const gateway = await empty();
    const page = await openPage(gateway.url, { viewport: { width: 390, height: 844 } });
    await page.getByRole('heading', { name: 'No sessions yet' }).waitFor();
    expect(await violationsIn(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    await page.goto(`${gateway.url}/?q=zebra`);
    await page.getByRole('heading', { name: 'No session matches' }).waitFor();
    expect(await violationsIn(page)).toEqual([]);
    await page.goto(`${gateway.url}/?status=broken`);
    await page.getByRole('alert').waitFor();
    expect(await violationsIn(page)).toEqual([]);
    takePageErrors(page);
  });
});
