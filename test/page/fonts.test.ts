import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { capturedOf } from '../gateway/uploads.ts';
import { launch, noBrowser } from './browser.ts';
import { endlessBatches, usualBatches } from './extremes.ts';
import { type FontSet, fontEnvironment, fontSets } from './fonts.ts';
import { sharedGateway } from './gateways.ts';
import { cutIn, fontsIn, placesIn, sideways } from './layout.ts';

const widths = [390, 1024, 1280, 1440, 1920];

const usual = sharedGateway(async (gateway) => {
  for (const [n, batch] of usualBatches.entries()) await gateway.store.apply(batch, `usual ${n}`);
  await gateway.take([...capturedOf('full'), ...capturedOf('flush')]);
});
const endless = sharedGateway(async (gateway) => {
  for (const [n, batch] of [...usualBatches, ...endlessBatches].entries())
    await gateway.store.apply(batch, `endless ${n}`);
});

/** All that is shown, by what it is and where, which is to be the same whatever fonts a machine has. */
const places = new Map<FontSet, string[]>();

describe.skipIf(noBrowser).each(fontSets)('on a machine with the fonts of %s', (set) => {
  const fonts = fontEnvironment(set);
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch(fonts.env);
  });
  afterAll(async () => {
    await browser?.close();
    fonts.remove();
  });

  /** A page at a moment that does not go by, so that two of them show the same. */
  async function opened(url: string): Promise<Page> {
    const page = await (await browser.newContext()).newPage();
    await page.clock.setFixedTime(moment);
    await page.goto(url);
    return page;
  }

  test('the list cuts nothing, and is as wide as the window', async () => {
    const page = await opened((await usual()).url);
    for (const width of widths) {
      await page.setViewportSize({ width, height: 800 });
      await page
        .locator(width < 1024 ? '.card .end' : '.row .cell-end')
        .first()
        .waitFor();
      await page.evaluate('document.fonts.ready');
      expect([width, await sideways(page)]).toEqual([width, 0]);
      if (width >= 1024) expect((await cutIn(page)).texts).toEqual([]);
      addTo(places, set, await placesIn(page));
    }
    expect(await fontsIn(page)).toEqual({ own: ['Inter'], others: [] });
    await page.context().close();
  });

  test('the list cuts what no window has room for, and nothing where there is blank beside it', async () => {
    const page = await opened((await endless()).url);
    for (const width of widths) {
      await page.setViewportSize({ width, height: 800 });
      await page
        .locator(width < 1024 ? '.card .end' : '.row .cell-end')
        .first()
        .waitFor();
      expect([width, await sideways(page)]).toEqual([width, 0]);
      if (width < 1024) continue;
      const { texts, blank } = await cutIn(page);
      expect(texts.length).toBeGreaterThan(0);
      expect([width, blank < 4 || blank]).toEqual([width, true]);
    }
    await page.context().close();
  });

  test('a session is as wide as the window, and written in the fonts of the page', async () => {
    const page = await opened(`${(await usual()).url}/sessions/AJ_full?turn=2`);
    await page.locator('#turn-2.chosen').waitFor();
    for (const tool of await page.locator('details').all()) await tool.locator('summary').click();
    for (const width of widths) {
      await page.setViewportSize({ width, height: 800 });
      await page.evaluate('document.fonts.ready');
      expect([width, await sideways(page)]).toEqual([width, 0]);
      addTo(places, set, await placesIn(page));
    }
    expect(await fontsIn(page)).toEqual({ own: ['Inter', 'JetBrains Mono'], others: [] });
    await page.context().close();
  });

  test('until its fonts are there, the page cuts nothing either', async () => {
    const page = await opened('about:blank');
    await page.route('**/*.woff2', (route) => route.abort());
    await page.goto((await usual()).url);
    await page.setViewportSize({ width: 1440, height: 800 });
    await page.locator('.row .cell-end').first().waitFor();
    expect((await fontsIn(page)).own).toEqual([]);
    expect([await sideways(page), (await cutIn(page)).texts]).toEqual([0, []]);
    await page.context().close();
  });

  test('everything is where it is on the other machines', () => {
    const [first] = fontSets;
    expect(places.get(set)?.length).toBeGreaterThan(1000);
    expect(places.get(set)).toEqual(places.get(first as FontSet));
  });
});

const moment = Date.now();

function addTo(to: Map<FontSet, string[]>, set: FontSet, found: string[]): void {
  to.set(set, [...(to.get(set) ?? []), ...found]);
}
