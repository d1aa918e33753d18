import type { Locator } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { noBrowser, openPage } from '../browser.ts';
import { gatewayWith, type Made, madeOf } from '../sessions.ts';
import { shows, three } from './shown.ts';

describe.skipIf(noBrowser)('the list', () => {
  test('a row explains what one points at, although all of it is a link', async () => {
    const gateway = await gatewayWith(three[1] as Made);
    const page = await openPage(gateway.url);
    const link = page.locator('a[data-session]');
    await link.waitFor();
    const pointAt = async (cell: string) => {
      const box = await page.locator(`${cell} [title]`).first().boundingBox();
      await page.mouse.move((box?.x ?? 0) + 3, (box?.y ?? 0) + 8);
      return link.getAttribute('title');
    };
    expect(await pointAt('.cell-toolErrors')).toBe('1 of 0 tool calls failed');
    expect(await pointAt('.cell-end')).toBe('The call has ended');
    const turns = await page.locator('.cell-turns').boundingBox();
    await page.mouse.move((turns?.x ?? 0) + 3, (turns?.y ?? 0) + 8);
    expect(await link.getAttribute('title')).toBe('');
  });

  test('the bar of a latency beyond its scale is at the end of it', async () => {
    const gateway = await gatewayWith(three[1] as Made);
    const page = await openPage(gateway.url, { viewport: { width: 1400, height: 800 } });
    const [bar, scale] = await Promise.all(
      ['.range-found', '.range-scale'].map((part) => page.locator(`svg.range ${part}`).boundingBox()),
    );
    if (!bar || !scale) throw new Error('there is no bar');
    expect(bar.width).toBeGreaterThan(1);
    expect(bar.x + bar.width).toBeCloseTo(scale.x + scale.width, 1);
  });

  test('it says what the bar of the latencies is, and why there are none', async () => {
    const gateway = await gatewayWith(three[0] as Made);
    const call = madeOf({ job: 'AJ_4', ago: 50 });
    const attributes = { 'lk.realtime_model_metrics': '{"type":"realtime_model_metrics"}' };
    const base = { traceId: 't', spanId: 's', events: [], status: 'ok' as const, attributes };
    const spans = [{ ...base, name: 'realtime_inference', start: 1, end: 2 }];
    await gateway.store.apply({ ...call, spans }, 'AJ_4');
    const page = await openPage(gateway.url, { viewport: { width: 1400, height: 800 } });
    await shows(page, ['AJ_4', 'AJ_1']);
    const head = page.getByRole('columnheader', { name: 'Latency p95' });
    const scale = head.locator('.range-figures');
    expect(await scale.locator('span').allTextContents()).toEqual(['0', '1.5', '5 s']);
    expect(await head.getByRole('button').getAttribute('title')).toBe(
      '95th percentile of the turn latencies. The bar spans p50 to p95 on a scale from 0 to 5 s; the marker is at 1.5 s',
    );
    const across = async (found: Locator) => {
      const box = await found.boundingBox();
      return [Math.round(box?.x ?? 0), Math.round(box?.width ?? 0)];
    };
    expect(await across(scale)).toEqual(await across(page.locator('svg.range')));
    expect(await page.locator('td.cell-latencyP95').allTextContents()).toEqual(['realtime', '0.50 s']);
    await page.setViewportSize({ width: 390, height: 800 });
    await page.locator('.card').getByText('no latency: realtime model').waitFor();
  });
});
