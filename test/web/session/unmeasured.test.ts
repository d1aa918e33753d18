import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import type { SessionBatch, SpanRecord } from '../../../src/gateway/decode/records.ts';
import { startTestGateway } from '../../gateway/running.ts';
import { capturedOf } from '../../gateway/uploads.ts';
import { noBrowser, openPage } from '../browser.ts';
import { callOf } from '../calls.ts';

/** The same call with a realtime model, for which the SDKs measure no turn latency. */
function realtime(call: SessionBatch): SessionBatch {
  const metrics = JSON.stringify({ type: 'realtime_model_metrics' });
  return {
    ...call,
    spans: call.spans.map(
      (span): SpanRecord =>
        span.name === 'llm_node'
          ? { ...span, name: 'realtime_inference', attributes: { 'lk.realtime_model_metrics': metrics } }
          : { ...span, attributes: { ...span.attributes, 'lk.e2e_latency': -1 } },
    ),
    items: call.items.map(({ metrics: measured, ...item }) => ({
      ...item,
      ...(measured && { metrics: { ...measured, e2eLatency: undefined } }),
    })),
  };
}

/** Counts the pixels that differ from the background in the timeline's latency lane, 118 to 132 pixels from the top. */
const drawnPixels = (page: Page): Promise<number> =>
  page.evaluate(`(() => {
    const canvas = document.querySelector('.timeline canvas');
    const { data } = canvas.getContext('2d').getImageData(0, 118, 300, 14);
    let found = 0;
    for (let at = 0; at < data.length; at += 4) if (data[at + 3] > 0 && data[at] < 160) found++;
    return found;
  })()`);

describe.skipIf(noBrowser)('a session', () => {
  test('with a realtime model shows why latencies are missing', async () => {
    const gateway = await startTestGateway();
    const call = callOf({ job: 'AJ_1', start: Date.now() / 1000 - 100, turns: 3 });
    await gateway.store.apply(realtime(call), 'a');
    const page = await openPage(`${gateway.url}/sessions/AJ_1`);
    const why = 'No latency: the SDKs measure none of realtime models';
    await page.locator('#turn-3').waitFor();
    expect(await page.locator('.turn .unmeasured').allTextContents()).toEqual([why, why, why]);
    expect(await page.locator('.missing li').allTextContents()).toEqual([
      'No latency. The SDKs measure none of realtime models.',
      'No cost. The report has no usage.',
    ]);
    expect(await drawnPixels(page)).toBeGreaterThan(200);
  });

  test('marks unanswered turns', async () => {
    const gateway = await startTestGateway();
    await gateway.take(capturedOf('full'));
    const page = await openPage(`${gateway.url}/sessions/AJ_full`);
    await page.locator('#turn-6').waitFor();
    expect(await page.locator('.turn:has(.unmeasured) .turn-name').allTextContents()).toEqual([
      'Turn 4',
      'Turn 6',
    ]);
    expect(await page.locator('#turn-4 .unmeasured').textContent()).toBe(
      'No latency: the agent did not answer',
    );
    expect(await page.locator('.missing li').allTextContents()).toEqual([
      'No price. None is known of fakeco fake-llm-1, fakeco fake-tts-1, fakeco fake-stt-1, which the cost leaves out. Give it in a price file (--prices).',
    ]);
  });
});
