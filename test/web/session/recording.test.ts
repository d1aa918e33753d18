import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../../gateway/running.ts';
import { capturedOf } from '../../gateway/uploads.ts';
import { noBrowser, openPage, takePageErrors } from '../browser.ts';

describe.skipIf(noBrowser)('the recording of a session', () => {
  test('shows an error if it is not audio', async () => {
    const gateway = await startTestGateway();
    await gateway.take(capturedOf('flush'));
    writeFileSync(`${gateway.directory}/sessions/AJ_flush/audio.ogg`, 'not what it was');
    const page = await openPage(`${gateway.url}/sessions/AJ_flush`);
    await page.getByText('No waveform: The recording cannot be decoded: it is no Ogg Opus').waitFor();
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    await page.getByText('The recording could not be loaded.').waitFor();
    expect(await page.getByRole('button', { name: 'Play', exact: true }).isDisabled()).toBe(true);
    takePageErrors(page);
  });

  test('is requested again if the decoder is busy', async () => {
    const gateway = await startTestGateway();
    await gateway.take(capturedOf('flush'));
    const page = await openPage('about:blank');
    await page.route('**/peaks', (route) =>
      route.fulfill({ status: 503, json: { error: 'Too many recordings wait', reason: 'busy' } }),
    );
    const refused = page.waitForResponse('**/peaks');
    await page.goto(`${gateway.url}/sessions/AJ_flush`);
    await refused;
    await page.unroute('**/peaks');
    const answered = await page.waitForResponse('**/peaks');
    expect(answered.status()).toBe(200);
    expect(await page.getByText('No waveform').count()).toBe(0);
    expect(takePageErrors(page).every((error) => error.includes('503'))).toBe(true);
  });

  test('shows an error if the waveform takes too long, and still plays', async () => {
    const gateway = await startTestGateway();
    await gateway.take(capturedOf('flush'));
    const error = 'It was not made within 3 minutes';
    const page = await openPage('about:blank');
    await page.route('**/peaks', (route) => route.fulfill({ status: 409, json: { error, reason: 'slow' } }));
    await page.goto(`${gateway.url}/sessions/AJ_flush`);
    await page.getByText('No waveform: It was not made within 3 minutes').waitFor();
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    await page.locator('.turn.playing').waitFor();
    expect(takePageErrors(page).every((error) => error.includes('409'))).toBe(true);
  });
});
