import type { Page } from 'playwright-core';
import { describe, expect, test, vi } from 'vitest';
import { capturedOf } from '../../gateway/uploads.ts';
import { noBrowser, openPage } from '../browser.ts';
import { sharedGateway } from '../gateways.ts';

const eventually = (check: () => Promise<void>) => vi.waitFor(check, 30_000);
const marked = (page: Page) => page.locator('.turn[aria-current]');

const flush = sharedGateway((gateway) => gateway.take(capturedOf('flush')));

/** A real recording of eight seconds; its first turn is the agent's greeting, the second begins at 1.44 s. */
async function opened(path = ''): Promise<Page> {
  const gateway = await flush();
  const page = await openPage('about:blank');
  await page.clock.install();
  await page.goto(`${gateway.url}/sessions/AJ_flush${path}`);
  await page.locator('#turn-1').waitFor();
  return page;
}

describe.skipIf(noBrowser)('a recording', () => {
  test('plays from the turn that one clicks, and the turn that plays is marked', async () => {
    const page = await opened();
    await page.getByRole('button', { name: 'Play opening' }).click();
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    await eventually(async () => expect(await marked(page).getAttribute('id')).toBe('turn-1'));
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Play', exact: true }).waitFor();
    expect(await marked(page).count()).toBe(0);

    await page.getByRole('button', { name: 'Play turn 1' }).click();
    await eventually(async () => expect(await marked(page).getAttribute('id')).toBe('turn-1'));
    expect(new URL(page.url()).search).toBe('?turn=1&t=1.4');
    // To its end.
    await page.getByRole('button', { name: 'Play', exact: true }).waitFor();
    const at = await page.getByRole('slider', { name: 'Position' }).getAttribute('aria-valuenow');
    expect(Number(at)).toBe(8);
  });

  test('plays from where a turn is clicked, but not when its words are marked', async () => {
    const page = await opened();
    const words = page.getByText('hello there what is the weather like');
    const marks = () => page.evaluate('getSelection().toString().trim()');
    // Time goes on only when it is told to.
    await page.clock.pauseAt(Date.now() + 3_600_000);
    await words.dblclick({ position: { x: 20, y: 10 } });
    await page.clock.runFor(2_000);
    expect(await marks()).not.toBe('');
    const box = (await words.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
    await page.evaluate('getSelection().removeAllRanges()');
    await page.mouse.move(box.x + 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + 120, box.y + box.height / 2, { steps: 5 });
    await page.mouse.up();
    await page.clock.runFor(2_000);
    expect(await marks()).toContain('hello');
    expect(new URL(page.url()).search).toBe('');
    await page.evaluate('getSelection().removeAllRanges()');
    await words.click();
    await page.clock.runFor(2_000);
    await page.clock.resume();
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    expect(new URL(page.url()).search).toBe('?turn=1&t=1.4');
  });

  test('begins at the moment of the address, with the space bar', async () => {
    const page = await opened('?t=6.5');
    await page.keyboard.press(' ');
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    const slider = page.getByRole('slider', { name: 'Position' });
    await eventually(async () =>
      expect(Number(await slider.getAttribute('aria-valuenow'))).toBeGreaterThan(6),
    );
    await page.getByRole('button', { name: 'Play', exact: true }).waitFor();
  });

  test('is drawn', async () => {
    const page = await opened();
    // The user is loud from 1.4 s to 4.8 s: many different columns, where a bar has one colour.
    const heights = () =>
      page.evaluate(`(() => {
        const drawing = document.querySelector('.timeline canvas');
        const { width, height } = drawing;
        const { data } = drawing.getContext('2d').getImageData(0, 0, width, height);
        const found = new Set();
        for (let x = Math.round(width * 0.2); x < width * 0.5; x++) {
          let painted = 0;
          for (let y = 24; y < 64; y++) if (data[(y * width + x) * 4 + 3] > 200) painted++;
          found.add(painted);
        }
        return found.size;
      })()`) as Promise<number>;
    await eventually(async () => expect(await heights()).toBeGreaterThan(10));
  });
});
