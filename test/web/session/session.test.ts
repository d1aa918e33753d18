import type { Page } from 'playwright-core';
import { describe, expect, test, vi } from 'vitest';
import { emptyBatch } from '../../../src/gateway/decode/records.ts';
import { startTestGateway } from '../../gateway/running.ts';
import { capturedOf } from '../../gateway/uploads.ts';
import { noBrowser, openPage } from '../browser.ts';
import { callOf } from '../calls.ts';
import { sharedGateway } from '../gateways.ts';

const full = sharedGateway((gateway) => gateway.take(capturedOf('full')));

async function opened(path = '/sessions/AJ_full'): Promise<Page> {
  const page = await openPage((await full()).url + path);
  await page.getByRole('heading', { name: 'Opening' }).or(page.getByRole('tabpanel')).first().waitFor();
  return page;
}

const turn = (page: Page, n: number) => page.locator(`#turn-${n}`);
const search = (page: Page) => new URL(page.url()).search;
/** A script for the browser. It is a string because the tests are compiled without DOM types. */
const hasFocus = (page: Page, n: number) => page.evaluate(`document.activeElement?.id === 'turn-${n}'`);
const position = (page: Page) => page.getByRole('slider', { name: 'Position' });
/** The coordinates of a point of the timeline, given as a share of its width and pixels from its top. */
async function pointAt(page: Page, share: number, y: number): Promise<{ x: number; y: number }> {
  const box = await position(page).boundingBox();
  if (!box) throw new Error('the timeline is missing');
  return { x: box.x + box.width * share, y: box.y + y };
}
const eventually = (check: () => Promise<void>) => vi.waitFor(check, 20_000);

describe.skipIf(noBrowser)('a session', () => {
  test('shows its totals', async () => {
    const page = await opened();
    await page.getByRole('heading', { name: 'support-agent' }).waitFor();
    const facts = await page.locator('.facts > div').allTextContents();
    // The call was in November; calls of other days have a date beside the time.
    expect(facts[0]).toMatch(/^Started\d+ Nov.* \d\d:\d\d:\d\d$/);
    expect(facts.slice(1)).toEqual([
      'Length28 s',
      'Turns6',
      'Latency p500.55 s',
      'Latency p950.68 s',
      'Interruptions1',
      'Tools3, 1 failed',
      'Cost–',
      'SDKNode.js 1.9.0',
      'Roomroom-full',
    ]);
  });

  test('is shown turn by turn, with tools, handoffs and interruptions', async () => {
    const page = await opened();
    const heads = await page.locator('.turn h2').allTextContents();
    expect(heads).toEqual([
      '0:00Opening',
      '0:01Turn 1544 ms',
      '0:06Turn 2545 ms',
      '0:10Turn 3561 ms',
      '0:14Turn 4',
      '0:22Turn 5683 ms',
      '0:26Turn 6',
    ]);
    const words = await turn(page, 2).locator('.words').allTextContents();
    expect(words).toEqual(['please book a table for two', 'Sure.', 'No tables.']);
    const tools = turn(page, 2).locator('details.tool');
    expect(await tools.locator('summary').allTextContents()).toEqual([
      'getWeather{"city":"Paris"}153 ms',
      'bookTable{"n":2}2 msfailed',
    ]);
    await tools.nth(1).locator('summary').click();
    await tools.nth(1).getByText('no tables').waitFor();
    await turn(page, 3).getByText('interrupted').waitFor();
    expect(await turn(page, 5).locator('.mark').textContent()).toBe('Handed over from main to billing');
  });

  test('shows the latency segments of each turn', async () => {
    const page = await opened();
    const rows = await turn(page, 5).getByRole('table').getByRole('row').allTextContents();
    expect(rows).toEqual([
      'Transcription317 ms',
      'End of turn5 ms',
      'LLM126 ms',
      'Tools1 ms',
      'TTS91 ms',
      'Unattributed143 ms',
    ]);
  });

  test('goes to the clicked time, and updates the URL', async () => {
    const page = await opened();
    // The middle of the user's bar in turn 2: 7.3 s of 28.4 s.
    const there = await pointAt(page, 7.3 / 28.439, 40);
    await page.mouse.click(there.x, there.y);
    await eventually(async () => expect(search(page)).toBe('?turn=2&t=7.3'));
    expect(await position(page).getAttribute('aria-valuetext')).toBe('0:07 of 0:28');
    expect(await turn(page, 2).getAttribute('class')).toContain('chosen');
    const agent = await pointAt(page, 14.4 / 28.439, 85);
    await page.mouse.move(agent.x, agent.y);
    await page.getByText('Agent · interrupted · 951 ms · turn 3 · 0:13.5').waitFor();
  });

  test('opens at the turn in the URL', async () => {
    const page = await opened('/sessions/AJ_full?turn=5');
    await eventually(async () => expect(await position(page).getAttribute('aria-valuenow')).toBe('22'));
    await eventually(async () => expect(await hasFocus(page, 5)).toBe(true));
    await page.reload();
    await eventually(async () => expect(await position(page).getAttribute('aria-valuenow')).toBe('22'));
  });

  test('adds a history entry for each tab', async () => {
    const page = await opened();
    await page.getByRole('tab', { name: 'Logs' }).click();
    await page.getByText('exception occurred while executing tool').waitFor();
    expect(search(page)).toBe('?tab=logs');
    await page.getByRole('combobox', { name: 'Level' }).selectOption('error');
    await page.getByText('1 lines').waitFor();
    await page.getByRole('tab', { name: 'Report' }).click();
    await page.getByRole('cell', { name: 'fakeco fake-llm-1' }).waitFor();
    await page.getByText('"sdkVersion": "1.9.0"').waitFor();
    await page.goBack();
    await page.getByText('exception occurred while executing tool').waitFor();
    await page.goBack();
    await turn(page, 1).waitFor();
  });

  test('describes its events on hover and by keyboard', async () => {
    const page = await opened();
    const legend = page.getByRole('list', { name: 'Events' });
    expect(await legend.getByRole('listitem').allTextContents()).toEqual([
      'interruption',
      'handoff',
      'error',
      'closed',
    ]);
    const description = page.locator('.event-legend [role=status]');
    await page.keyboard.press('e');
    await eventually(async () => expect(await description.textContent()).toMatch(/0:\d\d\.\d/));
    const first = [await description.textContent(), search(page)];
    await page.keyboard.press('e');
    await eventually(async () => expect(search(page)).not.toBe(first[1]));
    await page.keyboard.press('Shift+E');
    await eventually(async () => expect([await description.textContent(), search(page)]).toEqual(first));
    expect(first[0]).toBe('Error · exception occurred while executing tool · 0:08.8');
  });

  test('shows a tooltip at the pointer', async () => {
    const page = await opened();
    const agent = await pointAt(page, 14.4 / 28.439, 85);
    await page.mouse.move(agent.x, agent.y);
    const tip = await page.getByText('Agent · interrupted · 951 ms').boundingBox();
    expect(Math.abs((tip?.y ?? 0) + (tip?.height ?? 0) - agent.y)).toBeLessThan(20);
  });

  test('shows the common attributes of its log once', async () => {
    const page = await opened('/sessions/AJ_full?tab=logs');
    const origin = page.locator('.log-origin code');
    await origin.waitFor();
    expect(await origin.textContent()).toContain('logger.name=livekit.agents');
    const lines = await page.locator('.log-text').allTextContents();
    expect(lines.length).toBeGreaterThan(3);
    expect(lines.filter((line) => /job_?id=|logger\.name=livekit\.agents/i.test(line))).toEqual([]);
  });

  test('can be navigated by keyboard', async () => {
    const page = await opened();
    for (const key of ['j', 'j', 'j', 'k']) await page.keyboard.press(key);
    await eventually(async () => expect(search(page)).toBe('?turn=2&t=6.3'));
    expect(await hasFocus(page, 2)).toBe(true);
    await page.keyboard.press('ArrowRight');
    await eventually(async () => expect(search(page)).toBe('?turn=3&t=11.3'));
    await page.keyboard.press('Shift+ArrowLeft');
    await eventually(async () => expect(search(page)).toBe('?turn=3&t=10.8'));
    await page.keyboard.press('2');
    await page.getByRole('tab', { name: 'Logs', selected: true }).waitFor();
    await page.keyboard.press('ArrowLeft');
    await page.getByRole('tab', { name: 'Logs' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.getByRole('tab', { name: 'Report', selected: true }).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog').getByText('Next turn').waitFor();
    await page.keyboard.press('Escape');
  });

  test('zooms, pans and resets the timeline', async () => {
    const page = await opened();
    const all = page.getByRole('button', { name: 'All', exact: true });
    expect(await all.isDisabled()).toBe(true);
    await page.keyboard.press('+');
    await eventually(async () => expect(await all.isDisabled()).toBe(false));
    // The first half of the axis is visible, up to 14.2 s, until it is dragged to the left by a quarter.
    const from = await pointAt(page, 0.5, 40);
    const to = await pointAt(page, 0.25, 40);
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move(to.x, to.y, { steps: 5 });
    await page.mouse.up();
    expect(search(page)).toBe('');
    const left = await pointAt(page, 0, 40);
    await page.mouse.click(left.x + 1, left.y);
    await eventually(async () => expect(search(page)).toBe('?turn=1&t=3.6'));
    await page.keyboard.press('0');
    await eventually(async () => expect(await all.isDisabled()).toBe(true));
  });
});

test.skipIf(noBrowser)(
  'a call of two hours is shown completely, and its last turn is reached immediately',
  async () => {
    const gateway = await startTestGateway();
    const start = Date.now() / 1000 - 9000;
    const { spans, ...rest } = callOf({ job: 'AJ_long', start, turns: 1028, prompts: 50 });
    // As in real uploads: a part of the call in each.
    for (let n = 0; n < spans.length; n += 500) {
      const upload = { ...emptyBatch(rest.identity), spans: spans.slice(n, n + 500) };
      await gateway.store.apply(upload, `spans-${n}`);
    }
    await gateway.store.apply({ ...rest, spans: [] }, 'long');
    const page = await openPage(`${gateway.url}/sessions/AJ_long?turn=1028`);
    await turn(page, 1028).waitFor();
    expect(await page.locator('.turn').count()).toBe(1028);
    expect(await position(page).getAttribute('aria-valuetext')).toBe('1:59:50 of 1:59:57');
    await eventually(async () =>
      expect(
        await page.evaluate(`(() => {
        const { top, bottom } = document.getElementById('turn-1028').getBoundingClientRect();
        return top > 0 && bottom <= innerHeight + 1;
      })()`),
      ).toBe(true),
    );
  },
);
