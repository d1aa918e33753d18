import type { Page } from 'playwright-core';
import { describe, expect, test, vi } from 'vitest';
import { emptyBatch, type SessionBatch, type SpanRecord } from '../../../src/gateway/decode/records.ts';
import { type Running, startTestGateway } from '../../gateway/running.ts';
import { capturedOf } from '../../gateway/uploads.ts';
import { noBrowser, openPage, takePageErrors } from '../browser.ts';
import { type CallOptions, callOf, turnSeconds } from '../calls.ts';

const eventually = (check: () => Promise<void>) => vi.waitFor(check, 30_000);
const now = () => Date.now() / 1000;
const heads = (page: Page) => page.locator('.turn .turn-name').allTextContents();

async function opened(...batches: SessionBatch[]): Promise<{ gateway: Running; page: Page }> {
  const gateway = await startTestGateway();
  for (const [index, batch] of batches.entries()) await gateway.store.apply(batch, `upload ${index}`);
  const page = await openPage(`${gateway.url}/sessions/AJ_1`);
  return { gateway, page };
}

const call = (turns: number, more: Partial<CallOptions> = {}) =>
  callOf({ job: 'AJ_1', start: now() - turns * turnSeconds - 10, turns, ...more });

/** The uploads of a running call: spans. */
const running = (batch: SessionBatch, turns: number): SessionBatch => ({
  ...emptyBatch(batch.identity),
  spans: batch.spans.slice(0, turns * 6),
});

describe.skipIf(noBrowser)('a session', () => {
  test('grows while it runs', async () => {
    const whole = call(4);
    const { gateway, page } = await opened(running(whole, 1));
    await page.getByText('live', { exact: true }).waitFor();
    await page.getByText('No recording. It comes when the call ends.').waitFor();
    // Without a recording, the position can still be set.
    await page.getByRole('button', { name: 'Go to turn 1 at 0:00' }).waitFor();
    expect(await page.locator('.turn-play svg').count()).toBe(0);
    expect(await heads(page)).toEqual(['Turn 1']);
    await gateway.store.apply(running(whole, 3), 'more');
    await eventually(async () => expect(await heads(page)).toEqual(['Turn 1', 'Turn 2', 'Turn 3']));
    await gateway.store.apply({ ...whole, spans: whole.spans.slice(18) }, 'end');
    await eventually(async () => expect(await heads(page)).toHaveLength(4));
    await page.getByText('user initiated').waitFor();
  });

  test('keeps open details, focus and scroll position when it ends', async () => {
    const whole = call(12);
    const tools = whole.items.flatMap((item, n): SpanRecord[] =>
      item.type !== 'function_call' || item.at === undefined
        ? []
        : [
            {
              traceId: 'a'.repeat(32),
              spanId: `f${n}`.padStart(16, '0'),
              name: 'function_tool',
              start: item.at,
              end: item.at + 0.4,
              attributes: {
                'gen_ai.tool.name': item.name ?? '',
                'gen_ai.tool.call.id': item.callId ?? '',
                'lk.pii.function_tool.arguments': item.arguments ?? '',
                'lk.pii.function_tool.output': 'found',
              },
              events: [],
              status: 'unset',
            },
          ],
    );
    const { gateway, page } = await opened({
      ...emptyBatch(whole.identity),
      spans: [...whole.spans, ...tools],
    });
    const tool = page.locator('#turn-10 details.tool');
    await tool.locator('summary').focus();
    await page.keyboard.press('Enter');
    await tool.getByText('found').waitFor();
    await page.evaluate(`document.getElementById('turn-10').scrollIntoView({ block: 'start' })`);
    const top = async () => Math.round((await tool.boundingBox())?.y ?? 0);
    const before = await top();
    await gateway.store.apply({ ...whole, spans: [] }, 'end');
    await page.getByText('user initiated').waitFor();
    await tool.getByText('There is no such parcel').waitFor();
    expect(await tool.getAttribute('open')).not.toBeNull();
    expect(await tool.locator('summary:focus').count()).toBe(1);
    // Content above has other heights now; the difference may be a fraction of a pixel.
    expect(Math.abs((await top()) - before)).toBeLessThan(3);
  });

  test('without uploads for two minutes is shown as lost', async () => {
    const whole = call(2);
    const gateway = await startTestGateway();
    await gateway.store.apply(running(whole, 2), 'spans');
    const page = await openPage('about:blank');
    await page.clock.install();
    await page.goto(`${gateway.url}/sessions/AJ_1`);
    await page.getByText('live', { exact: true }).waitFor();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 130_000 });
    try {
      await page.clock.fastForward(130_000);
      await page.getByText('lost', { exact: true }).waitFor();
    } finally {
      vi.useRealTimers();
    }
  });

  test('shows a notice when it is deleted while open', async () => {
    const { gateway, page } = await opened(call(2));
    await page.getByText('Turn 2').waitFor();
    await gateway.store.delete('AJ_1');
    await page.getByRole('heading', { name: 'Session not found' }).waitFor();
    await page.getByRole('link', { name: 'All sessions', exact: true }).waitFor();
  });

  test('with an unknown ID is not found', async () => {
    const { page } = await opened();
    await page.getByRole('heading', { name: 'Session not found' }).waitFor();
    expect(takePageErrors(page).length).toBeGreaterThan(0);
  });

  test('that failed shows the reason with a link to it', async () => {
    const whole = call(2);
    const { start, end } = { start: whole.report?.startedAt ?? 0, end: whole.report?.reportedAt ?? 0 };
    const line = { scope: 'livekit.agents', attributes: { reason: 'error' } };
    const { page } = await opened({
      ...whole,
      logs: [
        { at: start + 9, level: 'error', message: 'the LLM does not answer', ...line },
        { at: end, level: 'info', message: 'session closed', ...line },
      ],
    });
    const why = page.getByRole('region', { name: 'Why it failed' });
    expect(await why.textContent()).toBe('An error closed the session. 0:09 the LLM does not answer');
    await why.getByRole('button').click();
    await eventually(async () => expect(new URL(page.url()).search).toBe('?turn=2&t=9'));
  });

  test('with a throwing entry function has failed, regardless of the close reason of the SDK', async () => {
    const whole = call(2);
    const at = (whole.report?.startedAt ?? 0) + 9;
    const error = {
      at,
      level: 'error' as const,
      message: 'error in entry function',
      scope: '',
      attributes: {},
    };
    const { page } = await opened({ ...whole, logs: [...whole.logs, error] });
    const why = page.getByRole('region', { name: 'Why it failed' });
    expect(await why.textContent()).toBe(
      'The entry function of the job threw an error. 0:09 error in entry function',
    );
    expect(await page.locator('.end-failed').textContent()).toBe('failed');
  });

  test('shows its usage, without usage repeated by a fallback adapter', async () => {
    const whole = call(1);
    const metrics = {
      type: 'llm_metrics',
      label: 'FallbackAdapter',
      metadata: { modelName: 'FallbackAdapter' },
    };
    const adapter = {
      ...(whole.spans[0] as SpanRecord),
      spanId: 'adapter',
      name: 'llm_request',
      attributes: { 'lk.llm_metrics': JSON.stringify(metrics) },
    };
    const entry = { component: 'llm' as const, amounts: { input_tokens: 4899 } };
    const usage = [
      { ...entry, provider: 'openai', model: 'gpt-4o-mini' },
      { ...entry, provider: 'unknown', model: 'FallbackAdapter' },
    ];
    const report = { options: {}, tags: [], ...whole.report, usage };
    const { page } = await opened({ ...whole, spans: [...whole.spans, adapter], report });
    await page.getByRole('tab', { name: 'Report' }).click();
    await page.locator('.usage').waitFor();
    expect(await page.locator('.usage tbody tr').allTextContents()).toEqual([
      'llmopenai gpt-4o-miniinput tokens 4,899',
    ]);
  });

  test('that is redacted has a notice, and its times', async () => {
    const gateway = await startTestGateway();
    const identity = { jobId: 'AJ_flush', redacted: true, simulated: false };
    await gateway.store.apply(emptyBatch(identity), 'redacted');
    await gateway.take(capturedOf('flush'));
    const page = await openPage(`${gateway.url}/sessions/AJ_flush`);
    await page.getByText('No recording. The session is redacted, and audio cannot be.').waitFor();
    await page.getByText('The session is redacted: what was said is not kept.').waitFor();
    expect(await heads(page)).toEqual(['Opening', 'Turn 1']);
    expect(await page.locator('#turn-1').getByRole('table').locator('caption').textContent()).toBe(
      'Waited 547 ms',
    );
    expect(await page.locator('body').textContent()).not.toContain('weather like');
  });

  test('without any messages', async () => {
    const { page } = await opened(call(0));
    await page.getByRole('heading', { name: 'Nothing was said', exact: true }).waitFor();
    expect(await page.locator('.missing li').allTextContents()).toEqual([
      'No transcript. Recording was started without the transcript, or nothing was said.',
      'No trace. No span came.',
      'No cost. The report has no usage.',
    ]);
  });

  test('that cannot be read has a retry button', async () => {
    const gateway = await startTestGateway();
    await gateway.store.apply(call(1), 'a');
    const page = await openPage(gateway.url);
    await page.route('**/timeline', (route) =>
      route.fulfill({ status: 500, json: { error: 'Internal error' } }),
    );
    await page.goto(`${gateway.url}/sessions/AJ_1`);
    const alert = page.getByRole('alert');
    await alert.getByText('Internal error').waitFor();
    await page.unroute('**/timeline');
    await alert.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('Turn 1').waitFor();
    takePageErrors(page);
  });

  test('does not run scripts in messages, tool calls and logs', async () => {
    const evil = '<img src=x onerror="window.hurt=1"><script>window.hurt=1</script>';
    const whole = call(5, { agent: evil, asks: () => evil, answers: () => evil });
    const { page } = await opened({
      ...whole,
      items: whole.items.map((item) => ({
        ...item,
        ...(item.name && { name: evil, arguments: evil }),
        ...(item.output && { output: evil }),
      })),
      logs: [{ at: now(), level: 'error', message: evil, scope: evil, attributes: { [evil]: evil } }],
    });
    await page.getByRole('heading', { name: evil }).waitFor();
    expect(await page.locator('#turn-5 .words').first().textContent()).toBe(evil);
    await page.locator('#turn-5 summary').click();
    await page.getByRole('tab', { name: 'Logs' }).click();
    await page.locator('.log').getByText(evil).first().waitFor();
    await page.getByRole('tab', { name: 'Report' }).click();
    await page.locator('.raw').waitFor();
    expect(await page.evaluate('window.hurt')).toBeUndefined();
    expect(await page.locator('main img, main script').count()).toBe(0);
  });
});
