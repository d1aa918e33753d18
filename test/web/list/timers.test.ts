import type { Page } from 'playwright-core';
import { describe, expect, test, vi } from 'vitest';
import { noBrowser, openPage } from '../browser.ts';
import { gatewayWith, sessionBatch } from '../sessions.ts';
import { expectSessions, threeSessions } from './visible-sessions.ts';

/** Runs in the page before its own scripts: records pending timers in `timers`, by the function that sets them. */
const watchTimers = `
  const timers = { setTimeout: new Map(), setInterval: new Map() };
  window.timers = timers;
  for (const [set, clear] of [['setTimeout', 'clearTimeout'], ['setInterval', 'clearInterval']]) {
    const [own, ownClear] = [window[set], window[clear]];
    window[set] = (call, ms, ...rest) => {
      const id = own(() => {
        if (set === 'setTimeout') timers[set].delete(id);
        call();
      }, ms, ...rest);
      timers[set].set(id, ms);
      return id;
    };
    window[clear] = (id) => {
      timers[set].delete(id);
      ownClear(id);
    };
  }
`;

/** The delays of pending timers, in milliseconds. */
const pending = (page: Page, set: 'setTimeout' | 'setInterval'): Promise<number[]> =>
  page.evaluate(`[...timers.${set}.values()]`);

describe.skipIf(noBrowser)('the list', () => {
  test('updates every second while a call runs, and every 30 seconds otherwise', async () => {
    const gateway = await gatewayWith({ job: 'AJ_1', ago: 5, seconds: 5, live: true });
    const page = await openPage('about:blank');
    await page.addInitScript(watchTimers);
    await page.goto(gateway.url);
    const length = page.locator('td.cell-duration');
    await length.waitFor();
    const seconds = async () => Number.parseInt((await length.textContent()) ?? '', 10);
    const before = await seconds();
    await vi.waitFor(async () => expect(await seconds()).toBeGreaterThan(before), 20_000);
    expect(await pending(page, 'setInterval')).toEqual([1000]);
    await gateway.store.apply(sessionBatch({ job: 'AJ_1', ago: 10, seconds: 7 }), 'end');
    await page.getByText('user initiated').waitFor();
    await vi.waitFor(async () => expect(await pending(page, 'setInterval')).toEqual([30_000]), 20_000);
    expect(await length.textContent()).toBe('7 s');
  });

  test('sends no request with its previous filters', async () => {
    const gateway = await gatewayWith(...threeSessions);
    const page = await openPage('about:blank');
    await page.clock.install();
    await page.addInitScript(watchTimers);
    await page.goto(gateway.url);
    await page.getByText('Live updates').waitFor();
    await expectSessions(page, ['AJ_3', 'AJ_2', 'AJ_1']);
    await page.clock.pauseAt(Date.now() + 60_000);
    await gateway.store.apply(sessionBatch({ job: 'AJ_new', ago: 1 }), 'new');
    // New sessions are requested after three seconds; the clock is stopped.
    await vi.waitFor(async () => {
      await page.clock.runFor(260);
      expect(await pending(page, 'setTimeout')).toContain(3000);
    }, 20_000);
    const asked: string[] = [];
    page.on('request', (request) => {
      if (request.url().includes('/api/sessions?')) asked.push(request.url());
    });
    await page.keyboard.press('/');
    await page.keyboard.type('parcel');
    await vi.waitFor(async () => {
      await page.clock.runFor(260);
      expect(asked.length).toBeGreaterThan(0);
    }, 20_000);
    await page.clock.runFor(4000);
    await expectSessions(page, ['AJ_3', 'AJ_1']);
    expect(asked.filter((url) => !url.includes('q=parcel'))).toEqual([]);
  });
});
