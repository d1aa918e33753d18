import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../gateway/running.ts';
import { capturedOf } from '../gateway/uploads.ts';
import { noBrowser, openPage } from './browser.ts';

describe.skipIf(noBrowser)('the page in a browser', () => {
  test('an empty gateway shows which variable an agent needs', async () => {
    const gateway = await startTestGateway();
    const page = await openPage(gateway.url);
    await page.getByRole('heading', { name: 'No sessions yet' }).waitFor();
    expect(await page.locator('pre code').textContent()).toBe(`LIVEKIT_OBSERVABILITY_URL=${gateway.url}`);
  });

  test('an uploaded session is listed, opened and closed', async () => {
    const gateway = await startTestGateway();
    await gateway.take(capturedOf('full'));
    const { sessions } = await gateway.json('/api/sessions');
    const page = await openPage(gateway.url);
    await page.getByRole('link', { name: /support-agent/ }).click();
    await page.getByText('please book a table for two').waitFor();
    expect(new URL(page.url()).pathname).toBe(`/sessions/${sessions[0].id}`);
    await page.reload();
    await page.getByText('please book a table for two').waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: 'Sessions', exact: true }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/');
  });

  test('the theme follows the system until another is chosen, which is remembered', async () => {
    const gateway = await startTestGateway();
    const page = await openPage(gateway.url, { colorScheme: 'dark' });
    const background = () => page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
    expect(await background()).toBe('rgb(16, 18, 20)');
    await page.getByRole('button', { name: 'Use the light theme' }).click();
    expect(await background()).toBe('rgb(247, 246, 243)');
    await page.reload();
    expect(await background()).toBe('rgb(247, 246, 243)');
    await page.getByRole('button', { name: 'Use the dark theme' }).waitFor();
  });

  test('a logged-in browser reads sessions and receives live changes', async () => {
    const gateway = await startTestGateway({
      readers: { bearer: 'token', basic: { username: 'talkgauge', password: 'token' } },
    });
    await gateway.take(capturedOf('full'));
    const page = await openPage(gateway.url, {
      httpCredentials: { username: 'talkgauge', password: 'token' },
    });
    await page.getByRole('link', { name: /support-agent/ }).waitFor();
    await page.getByText('Live updates').waitFor();
  });
});
