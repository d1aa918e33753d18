import { describe, expect, test } from 'vitest';
import { newFolder, startTestGateway } from '../../gateway/running.ts';
import { noBrowser, openPage, takePageErrors } from '../browser.ts';
import { fillDirectory, gatewayWith, type TestSession } from '../sessions.ts';
import { expectSessions, threeSessions } from './visible-sessions.ts';

describe.skipIf(noBrowser)('errors in the list', () => {
  test('a failed request shows an error with a retry button', async () => {
    const gateway = await gatewayWith(threeSessions[0] as TestSession);
    const page = await openPage('about:blank');
    await page.route('**/api/sessions?*', (route) => route.abort());
    await page.goto(gateway.url);
    await page.getByRole('alert').getByText('The gateway does not answer. Is it running?').waitFor();
    expect(takePageErrors(page).length).toBeGreaterThan(0);
    await page.unroute('**/api/sessions?*');
    await page.getByRole('button', { name: 'Try again' }).click();
    await expectSessions(page, ['AJ_1']);
  });

  test('after a failed reload, the old rows stay with a notice that they are outdated', async () => {
    const directory = newFolder();
    fillDirectory(directory, 300);
    const gateway = await startTestGateway({ directory });
    const page = await openPage('about:blank');
    await page.route('**/api/facets', (route) => route.abort());
    await page.goto(gateway.url);
    await page.locator('a[data-session="AJ_00000"]').waitFor();
    await page.getByRole('search').getByRole('button', { name: 'Agent' }).click();
    await page.getByText('The values could not be loaded.').waitFor();
    await page.keyboard.press('Escape');
    await page.route('**/api/sessions?*', (route) => route.abort());
    await page.evaluate('scrollTo(0, 8000)');
    const alert = page.getByRole('alert').filter({ hasText: 'The list is not up to date' });
    await alert.waitFor();
    await page.unroute('**/api/sessions?*');
    await alert.getByRole('button', { name: 'Try again' }).click();
    await page.locator('a[data-session="AJ_00185"]').waitFor();
    expect(await alert.count()).toBe(0);
    expect(takePageErrors(page).length).toBeGreaterThan(0);
  });

  test('an expired login is requested again', async () => {
    const gateway = await gatewayWith(threeSessions[0] as TestSession);
    const page = await openPage('about:blank');
    await page.route('**/api/sessions?*', (route) =>
      route.fulfill({ status: 401, body: 'credentials, please' }),
    );
    await page.goto(gateway.url);
    await page.getByRole('heading', { name: 'Please log in' }).waitFor();
    await page.unroute('**/api/sessions?*');
    await page.getByRole('button', { name: 'Log in' }).click();
    await expectSessions(page, ['AJ_1']);
    expect(takePageErrors(page).every((error) => error.includes('401'))).toBe(true);
  });

  test('invalid filters show an error and can be cleared', async () => {
    const gateway = await gatewayWith(threeSessions[0] as TestSession);
    const page = await openPage(`${gateway.url}/?status=broken`);
    await page
      .getByRole('alert')
      .getByText(/The parameter status.* cannot be used/)
      .waitFor();
    await page.getByRole('button', { name: 'Clear the filters' }).click();
    await expectSessions(page, ['AJ_1']);
    expect(takePageErrors(page).filter((error) => !error.includes('400'))).toEqual([]);
  });

  test('markup in names and messages is shown as text', async () => {
    const evil = '<script>window.evil=1</script><img src=x onerror="window.evil=2">';
    const gateway = await gatewayWith({ job: 'AJ_1', agent: evil, version: evil, said: evil, reason: evil });
    const page = await openPage(gateway.url);
    await page.getByText(evil).first().waitFor();
    await page.getByRole('search').getByRole('button', { name: 'Version' }).click();
    await page.locator('.choice').getByText(evil).waitFor();
    await page.keyboard.press('Escape');
    await page.locator('a[data-session]').click();
    await page.locator('main p').getByText(evil).waitFor();
    expect(await page.locator('main img, main script').count()).toBe(0);
    expect(await page.evaluate('window.evil')).toBeUndefined();
  });
});
