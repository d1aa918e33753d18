import type { Page } from 'playwright-core';
import { describe, expect, test, vi } from 'vitest';
import { capturedOf } from '../../gateway/uploads.ts';
import { noBrowser, openPage } from '../browser.ts';
import { sharedGateway } from '../gateways.ts';

const eventually = (check: () => Promise<void>) => vi.waitFor(check, 30_000);
const currentTurn = (page: Page) => page.locator('.turn[aria-current]');

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
  test('plays from the clicked turn, and highlights the playing turn', async () => {
    const page = await opened();
    await page.getByRole('button', { name: 'Play opening' }).click();
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    await eventually(async () => expect(await currentTurn(page).getAttribute('id')).toBe('turn-1'));
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Play', exact: true }).waitFor();
    expect(await currentTurn(page).count()).toBe(0);

    await page.getByRole('button', { name: 'Play turn 1' }).click();
    await eventually(async () => expect(await currentTurn(page).getAttribute('id')).toBe('turn-1'));
    expect(new URL(page.url()).search).toBe('?turn=1&t=1.4');
    // To the end of the recording.
    await page.getByRole('button', { name: 'Play', exact: true }).waitFor();
    const at = await page.getByRole('slider', { name: 'Position' }).getAttribute('aria-valuenow');
    expect(Number(at)).toBe(8);
  });

  test('plays from the clicked turn, but not when text is selected', async () => {
    const page = await opened();
    const words = page.getByText('hello there what is the weather like');
    const selectedText = () => page.evaluate('getSelection().toString().trim()');
    // The fake clock advances only on request.
    await page.clock.pauseAt(Date.now() + 3_600_000);
    await words.dblclick({ position: { x: 20, y: 10 } });
    await page.clock.runFor(2_000);
    expect(await selectedText()).not.toBe('');
    const box = (await words.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
    await page.evaluate('getSelection().removeAllRanges()');
    await page.mouse.move(box.x + 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + 120, box.y + box.height / 2, { steps: 5 });
    await page.mouse.up();
    await page.clock.runFor(2_000);
    expect(await selectedText()).toContain('hello');
    expect(new URL(page.url()).search).toBe('');
    await page.evaluate('getSelection().removeAllRanges()');
    await words.click();
    await page.clock.runFor(2_000);
    await page.clock.resume();
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    expect(new URL(page.url()).search).toBe('?turn=1&t=1.4');
  });

  test('starts at the time in the URL with the space bar', async () => {
    const page = await opened('?t=6.5');
    await page.keyboard.press(' ');
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    const slider = page.getByRole('slider', { name: 'Position' });
    await eventually(async () =>
      expect(Number(await slider.getAttribute('aria-valuenow'))).toBeGreaterThan(6),
    );
    await page.getByRole('button', { name: 'Play', exact: true }).waitFor();
  });

  test('has a waveform', async () => {
    const page = await opened();
    // The user speaks from 1.4 s to 4.8 s: a waveform has columns of many heights, a plain bar has one.
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
