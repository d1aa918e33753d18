import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../gateway/running.ts';
import { capturedOf } from '../gateway/uploads.ts';
import { noBrowser, openPage } from './browser.ts';

describe.skipIf(noBrowser)('the change stream in a browser', () => {
  test('a tab loaded in the background opens no connection, and shows missed changes when it becomes visible', async () => {
    const gateway = await startTestGateway();
    const page = await openPage(gateway.url);
    await page.addInitScript(
      "Object.defineProperty(document, 'hidden', { get: () => sessionStorage.getItem('seen') === null })",
    );
    const followed: string[] = [];
    page.on('request', (request) => {
      if (request.url().endsWith('/api/events')) followed.push(request.url());
    });
    await page.reload();
    await page.getByRole('heading', { name: 'No sessions yet' }).waitFor();
    await gateway.take(capturedOf('full'));
    expect(followed).toEqual([]);
    await page.evaluate(
      "sessionStorage.setItem('seen', 'yes'); document.dispatchEvent(new Event('visibilitychange'))",
    );
    await page.getByRole('link', { name: /support-agent/ }).waitFor();
    expect(followed.length).toBe(1);
  });
});
