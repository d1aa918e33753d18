import { describe, expect, test } from 'vitest';
import type { SessionBatch } from '../../../src/gateway/decode/records.ts';
import { capturedOf } from '../../gateway/uploads.ts';
import { violationsIn } from '../accessibility.ts';
import { noBrowser, openPage } from '../browser.ts';
import { callOf } from '../calls.ts';
import { sharedGateway } from '../gateways.ts';

const all = sharedGateway(async (gateway) => {
  await gateway.take([...capturedOf('full'), ...capturedOf('flush')]);
  const start = Date.now() / 1000 - 100;
  const call = callOf({ job: 'AJ_1', start, turns: 1 });
  const options = { instructions: 'be kind '.repeat(40) };
  await gateway.store.apply({ ...call, report: { tags: [], usage: [], ...call.report, options } }, 'long');
  const line = { at: start + 20, scope: '', attributes: { reason: 'error' } };
  const logs: SessionBatch['logs'] = [
    { ...line, level: 'error', message: 'the LLM does not answer' },
    { ...line, level: 'info', message: 'session closed' },
  ];
  await gateway.store.apply({ ...callOf({ job: 'AJ_failed', start, turns: 5 }), logs }, 'failed');
  await gateway.store.apply(callOf({ job: 'AJ_silent', start, turns: 0 }), 'silent');
});

describe.skipIf(noBrowser)('a session has no accessibility violations', () => {
  test.each([1280, 390])('on a screen of %d pixels', async (width) => {
    const gateway = await all();
    const options = { viewport: { width, height: 844 } };
    const page = await openPage(`${gateway.url}/sessions/AJ_full?turn=2`, options);
    await page.locator('#turn-2.chosen').waitFor();
    for (const tool of await page.locator('details').all()) await tool.locator('summary').click();
    expect(await violationsIn(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    await page.getByRole('tab', { name: 'Logs' }).click();
    await page.locator('.log').first().waitFor();
    expect(await violationsIn(page)).toEqual([]);
    await page.getByRole('tab', { name: 'Report' }).click();
    await page.locator('.raw').waitFor();
    expect(await violationsIn(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);

    await page.goto(`${gateway.url}/sessions/AJ_flush`);
    await page.getByRole('button', { name: 'Play turn 1' }).click();
    await page.locator('.turn.playing').waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    expect(await violationsIn(page)).toEqual([]);
  });

  test('with long lines in its report, on a phone', async () => {
    const gateway = await all();
    const options = { viewport: { width: 390, height: 844 } };
    const page = await openPage(`${gateway.url}/sessions/AJ_1?tab=report`, options);
    await page.locator('.raw').getByText('be kind').waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
  });

  test('if it failed, and if its conversation is empty', async () => {
    const gateway = await all();
    const page = await openPage(`${gateway.url}/sessions/AJ_failed`);
    await page.getByRole('region', { name: 'Why it failed' }).waitFor();
    expect(await violationsIn(page)).toEqual([]);
    await page.goto(`${gateway.url}/sessions/AJ_silent`);
    await page.getByRole('heading', { name: 'Nothing was said' }).waitFor();
    expect(await violationsIn(page)).toEqual([]);
  });
});
