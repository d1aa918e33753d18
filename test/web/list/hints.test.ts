import type { Locator } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { noBrowser, openPage } from '../browser.ts';
import { gatewayWith, sessionBatch, type TestSession } from '../sessions.ts';
import { expectSessions, threeSessions } from './visible-sessions.ts';

describe.skipIf(noBrowser)('the list', () => {
  test('a row shows a tooltip for the hovered cell, although the whole row is a link', async () => {
    const gateway = await gatewayWith(threeSessions[1] as TestSession);
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

  test('the bar of a latency beyond its scale is at the end of the scale', async () => {
    const gateway = await gatewayWith(threeSessions[1] as TestSession);
    const page = await openPage(gateway.url, { viewport: { width: 1400, height: 800 } });
    const [bar, scale] = await Promise.all(
      ['.range-found', '.range-scale'].map((part) => page.locator(`svg.range ${part}`).boundingBox()),
    );
    if (!bar || !scale) throw new Error('the bar is missing');
    expect(bar.width).toBeGreaterThan(1);
    expect(bar.x + bar.width).toBeCloseTo(scale.x + scale.width, 1);
  });

  test('a tooltip explains the latency bar, and why latencies are missing', async () => {
    const gateway = await gatewayWith(threeSessions[0] as TestSession);
    const call = sessionBatch({ job: 'AJ_4', ago: 50 });
    const attributes = { 'lk.realtime_model_metrics': '{"type":"realtime_model_metrics"}' };
    const base = { traceId: 't', spanId: 's', events: [], status: 'ok' as const, attributes };
    const spans = [{ ...base, name: 'realtime_inference', start: 1, end: 2 }];
    await gateway.store.apply({ ...call, spans }, 'AJ_4');
    const page = await openPage(gateway.url, { viewport: { width: 1400, height: 800 } });
    await expectSessions(page, ['AJ_4', 'AJ_1']);
    const head = page.getByRole('columnheader', { name: 'Latency p95' });
    const scale = head.locator('.range-figures');
    expect(await scale.locator('span').allTextContents()).toEqual(['0', '1.5', '5 s']);
    expect(await head.getByRole('button').getAttribute('title')).toBe(
      '95th percentile of the turn latencies. The bar spans p50 to p95 on a scale from 0 to 5 s; the marker is at 1.5 s',
    );
    const widthOf = async (element: Locator) => {
      const box = await element.boundingBox();
      return [Math.round(box?.x ?? 0), Math.round(box?.width ?? 0)];
    };
    expect(await widthOf(scale)).toEqual(await widthOf(page.locator('svg.range')));
    expect(await page.locator('td.cell-latencyP95').allTextContents()).toEqual(['realtime', '0.50 s']);
    await page.setViewportSize({ width: 390, height: 800 });
    await page.locator('.card').getByText('no latency: realtime model').waitFor();
  });
});
