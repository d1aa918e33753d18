import type { Page } from 'playwright-core';
import { describe, expect, test, vi } from 'vitest';
import { noBrowser, openPage } from './browser.ts';
import { gatewayWith } from './sessions.ts';

/** Makes the tabs of a page's browser ones that nobody sees, until they are `looked` at. */
const hideTabs = (page: Page) =>
  page.context().addInitScript(`{
    let hidden = true;
    Object.defineProperty(Document.prototype, 'hidden', { get: () => hidden });
    window.lookAt = () => {
      hidden = false;
      document.dispatchEvent(new Event('visibilitychange'));
    };
  }`);

describe.skipIf(noBrowser)('tabs that nobody sees', () => {
  test('leave the connections to the gateway to the one that is looked at', async () => {
    const gateway = await gatewayWith({ job: 'AJ_1' });
    const seen = await openPage(gateway.url);
    await seen.getByText('Live updates').waitFor();
    await hideTabs(seen);
    // A browser has six connections for a server, and the seventh tab would have none to be loaded by.
    for (let n = 0; n < 7; n++) {
      const tab = await seen.context().newPage();
      await tab.goto(`${gateway.url}/sessions/AJ_1`);
      await tab.getByRole('heading', { name: 'front-desk' }).waitFor();
    }
    await seen.locator('a[data-session="AJ_1"]').click();
    await seen.getByRole('heading', { name: 'front-desk' }).waitFor();
  });

  test('show what has come meanwhile once they are looked at', async () => {
    const gateway = await gatewayWith({ job: 'AJ_1' });
    const page = await openPage('about:blank');
    await hideTabs(page);
    await page.goto(gateway.url);
    await page.locator('a[data-session="AJ_1"]').waitFor();
    await gateway.store.delete('AJ_1');
    await page.evaluate('lookAt()');
    await page.getByText('Live updates').waitFor();
    await vi.waitFor(
      async () => expect(await page.locator('a[data-session="AJ_1"]').count()).toBe(0),
      20_000,
    );
  });
});
