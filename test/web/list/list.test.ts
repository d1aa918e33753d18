import { describe, expect, test, vi } from 'vitest';
import { newFolder, startTestGateway } from '../../gateway/running.ts';
import { noBrowser, openPage, takePageErrors } from '../browser.ts';
import { sharedGateway } from '../gateways.ts';
import { fillDirectory, fillWith, gatewayWith, sessionBatch, type TestSession } from '../sessions.ts';
import { expectSessions, search, threeSessions, visibleSessions } from './visible-sessions.ts';

const withThreeSessions = sharedGateway((gateway) => fillWith(gateway, ...threeSessions));
const withThousands = sharedGateway(
  async () => {},
  (directory) => fillDirectory(directory, 3_000),
);

describe.skipIf(noBrowser)('the list', () => {
  test('a row shows the data of its session', async () => {
    const gateway = await gatewayWith(threeSessions[1] as TestSession);
    const page = await openPage(gateway.url);
    const row = page.getByRole('row').nth(1);
    await row.waitFor();
    const cells = await row.getByRole('cell').allTextContents();
    expect(await row.getByRole('rowheader').textContent()).toBe('salesroom of AJ_2');
    expect(cells.filter((_, at) => at !== 1)).toEqual([
      '2.0.0',
      '10 s',
      '1',
      '6.00 s',
      '6.00 s',
      '0',
      '1',
      '–',
      'user initiated',
    ]);
  });

  test('filters are in the URL', async () => {
    const gateway = await withThreeSessions();
    const page = await openPage(gateway.url);
    await expectSessions(page, ['AJ_3', 'AJ_2', 'AJ_1']);
    const filter = (name: string) => page.getByRole('search').getByRole('button', { name, exact: true });
    await filter('Agent').click();
    await page.getByRole('checkbox', { name: 'front-desk' }).check();
    await expectSessions(page, ['AJ_3', 'AJ_1']);
    expect(search(page)).toBe('?agent=front-desk');
    await page.keyboard.press('Escape');
    await filter('More').click();
    await page.getByRole('combobox', { name: 'Interruptions' }).selectOption('some');
    await expectSessions(page, ['AJ_3']);
    expect(search(page)).toBe('?agent=front-desk&interrupted=true');
    await page.reload();
    await expectSessions(page, ['AJ_3']);
    await page.goBack();
    await expectSessions(page, ['AJ_3', 'AJ_1']);
    await page.locator('a[data-session="AJ_1"]').click();
    await page.getByRole('link', { name: 'Sessions', exact: true }).click();
    await expectSessions(page, ['AJ_3', 'AJ_1']);
    await page.getByRole('button', { name: 'Clear' }).click();
    await expectSessions(page, ['AJ_3', 'AJ_2', 'AJ_1']);
    expect(search(page)).toBe('');
  });

  test('the search finds words of the conversation', async () => {
    const gateway = await withThreeSessions();
    const page = await openPage(gateway.url);
    await expectSessions(page, ['AJ_3', 'AJ_2', 'AJ_1']);
    await page.keyboard.press('/');
    await page.keyboard.type('parc');
    await expectSessions(page, ['AJ_3', 'AJ_1']);
    // The same two sessions match while the text is typed.
    await vi.waitFor(() => expect(search(page)).toBe('?q=parc'), 20_000);
    await page.keyboard.type('el zebra');
    await page.getByRole('heading', { name: 'No session matches' }).waitFor();
    await page.getByRole('button', { name: 'Clear the filters' }).click();
    await expectSessions(page, ['AJ_3', 'AJ_2', 'AJ_1']);
    expect(await page.getByRole('searchbox').inputValue()).toBe('');
  });

  test('Escape clears the search and returns the keyboard focus to the list', async () => {
    const gateway = await withThreeSessions();
    const page = await openPage(`${gateway.url}/?q=parcel`);
    await expectSessions(page, ['AJ_3', 'AJ_1']);
    await page.keyboard.press('/');
    await page.keyboard.press('Escape');
    await expectSessions(page, ['AJ_3', 'AJ_2', 'AJ_1']);
    await page.keyboard.press('/');
    await page.keyboard.type('sales');
    expect(await page.getByRole('searchbox').inputValue()).toBe('sales');
  });

  test('the close reason is not truncated at 1024 pixels, and the cost tooltip on a phone is that of the table', async () => {
    const gateway = await startTestGateway();
    const session = sessionBatch({ job: 'AJ_1', ago: 100_000, reason: 'participant_disconnected' });
    const usage = ['gpt-4o-mini', 'of-nobody'].map((model) => ({
      component: 'llm' as const,
      provider: 'openai',
      model,
      amounts: { input_tokens: 10_000 },
    }));
    const report = { startedAt: 0, options: {}, tags: [], ...session.report, usage };
    await gateway.store.apply({ ...session, report }, 'AJ_1');
    const page = await openPage(gateway.url, { viewport: { width: 1024, height: 700 } });
    const reason = page.locator('.end-reason');
    await reason.waitFor();
    expect(await reason.evaluate((element) => element.scrollWidth - element.clientWidth)).toBe(0);
    const started = page.locator('td.cell-start');
    expect(await started.evaluate((element) => element.scrollWidth - element.clientWidth)).toBe(0);
    expect(await page.locator('td.cell-cost').textContent()).toBe('$0.0015+');
    await page.setViewportSize({ width: 390, height: 800 });
    await page.locator('.card').getByText('$0.0015+', { exact: true }).waitFor();
  });

  test('columns are sorted', async () => {
    const gateway = await withThreeSessions();
    const page = await openPage(gateway.url);
    const head = page.getByRole('columnheader', { name: 'Length' });
    await head.getByRole('button').click();
    await expectSessions(page, ['AJ_3', 'AJ_1', 'AJ_2']);
    expect(await head.getAttribute('aria-sort')).toBe('descending');
    await head.getByRole('button').click();
    await expectSessions(page, ['AJ_2', 'AJ_3', 'AJ_1']);
    expect([await head.getAttribute('aria-sort'), search(page)]).toEqual(['ascending', '?sort=duration']);
  });

  test('a list of thousands renders only the visible rows, and restores the scroll position', async () => {
    const gateway = await withThousands();
    const page = await openPage(gateway.url);
    await page.getByText('3,000 sessions').waitFor();
    await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)');
    const last = page.locator('a[data-session="AJ_02999"]');
    await last.waitFor();
    expect((await visibleSessions(page)).length).toBeLessThan(60);
    expect(await page.getByRole('table').getAttribute('aria-rowcount')).toBe('3001');
    const y = await page.evaluate('scrollY');
    await page.locator('a[data-session="AJ_02995"]').click();
    await page.getByRole('heading', { name: 'Session not found' }).waitFor();
    expect(await page.evaluate('scrollY')).toBe(0);
    await page.goBack();
    await last.waitFor();
    expect(await page.evaluate('scrollY')).toBe(y);
    // The list was filled without the files of the sessions.
    expect(takePageErrors(page).every((error) => error.includes('404'))).toBe(true);
  });

  test('the list shows live changes', async () => {
    const gateway = await gatewayWith(threeSessions[0] as TestSession);
    const page = await openPage(gateway.url);
    await page.getByText('Live updates').waitFor();
    await expectSessions(page, ['AJ_1']);
    await gateway.store.apply(sessionBatch({ job: 'AJ_9', ago: 5, seconds: 5, live: true }), 'one');
    await expectSessions(page, ['AJ_9', 'AJ_1']);
    await page.getByRole('row', { name: /room of AJ_9.*live/ }).waitFor();
    await gateway.store.apply(sessionBatch({ job: 'AJ_9', ago: 5, reason: 'task_completed' }), 'two');
    await page.getByRole('row', { name: /room of AJ_9.*task completed/ }).waitFor();
    await gateway.store.delete('AJ_9');
    await expectSessions(page, ['AJ_1']);
  });

  test('a scrolled-down list shows a notice about new sessions', async () => {
    const directory = newFolder();
    fillDirectory(directory, 300);
    const gateway = await startTestGateway({ directory });
    const page = await openPage(gateway.url);
    await page.getByText('Live updates').waitFor();
    await page.locator('a[data-session="AJ_00000"]').waitFor();
    await page.evaluate('scrollTo(0, 4000)');
    await page.locator('a[data-session="AJ_00095"]').waitFor();
    await gateway.store.apply(sessionBatch({ job: 'AJ_new', ago: 1 }), 'new');
    const more = page.getByRole('button', { name: '1 more session' });
    await more.waitFor();
    expect(await page.evaluate('scrollY')).toBe(4000);
    await more.click();
    await page.locator('a[data-session="AJ_new"]').waitFor();
    expect(await page.evaluate('scrollY')).toBe(0);
  });

  test('the list can be used by keyboard', async () => {
    const directory = newFolder();
    fillDirectory(directory, 200);
    const gateway = await startTestGateway({ directory });
    await gateway.store.apply(sessionBatch({ job: 'AJ_top', ago: 1 }), 'top');
    const page = await openPage(gateway.url);
    await page.locator('a[data-session="AJ_top"]').waitFor();
    const focused = (id: string) => page.locator(`a[data-session="${id}"]:focus`).waitFor();
    await page.keyboard.press('j');
    await focused('AJ_top');
    for (const key of ['j', 'ArrowDown', 'k']) await page.keyboard.press(key);
    await focused('AJ_00000');
    await page.keyboard.press('End');
    await focused('AJ_00199');
    await page.keyboard.press('k');
    await focused('AJ_00198');
    await page.keyboard.press('?');
    await page.getByRole('dialog').getByText('Next session').click();
    await page.keyboard.press('Escape');
    await focused('AJ_00198');
    await page.keyboard.press('Home');
    await focused('AJ_top');
    await page.keyboard.press('Enter');
    await vi.waitFor(() => expect(new URL(page.url()).pathname).toBe('/sessions/AJ_top'), 20_000);
    await page.getByRole('heading', { name: 'front-desk' }).waitFor();
  });

  test('keys apply to the open dialog, and not to the list below', async () => {
    const page = await openPage((await withThousands()).url);
    await page.locator('a[data-session="AJ_00000"]').waitFor();
    await page.keyboard.press('j');
    await page.locator('a[data-session="AJ_00000"]:focus').waitFor();
    await page.evaluate('scrollTo(0, 4000)');
    await page.locator('a[data-session="AJ_00095"]').waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog').getByText('Next session').waitFor();
    // Each of these keys would scroll the list to its top.
    for (const key of ['j', 'k']) await page.keyboard.press(key);
    expect(await page.evaluate('scrollY')).toBe(4000);
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    await page.locator('a[data-session="AJ_00001"]:focus').waitFor();
  });
});
