import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { emptyBatch } from '../../../src/gateway/decode/records.ts';
import type { SessionState } from '../../../src/gateway/store/session-state.ts';
import { SessionStore } from '../../../src/gateway/store/session-store.ts';
import { newFolder, startTestGateway } from '../running.ts';
import { type Captured, captured, capturedOf } from '../uploads.ts';
import { longDelays, measured, noDelays, seriesOf, waitForResult } from './series.ts';

const measuredSeries = async (requests: readonly Captured[]) => seriesOf(await measured(requests));

test('duplicate uploads in any order count once', async () => {
  const full = capturedOf('full');
  const once = await measuredSeries(full);
  expect(once.session_turns_sum).toBe(6);
  expect(await measuredSeries(full.flatMap((request) => [request, request]))).toEqual(once);
  expect(await measuredSeries(full.toReversed())).toEqual(once);
});

test('a session with uploads before and after a restart is measured once, and not again after another restart', async () => {
  const directory = newFolder();
  const full = capturedOf('full');
  const first = await startTestGateway({ directory, measurementDelays: longDelays });
  await first.take(full.slice(0, 6));
  await first.close();
  const second = await measured(full.slice(6), { directory });
  const figures = await seriesOf(second);
  expect(figures.session_turns_sum).toBe(6);
  expect(figures).toEqual(await measuredSeries(full));
  await second.close();
  // Another session is measured by then, so this one would have been, too.
  const third = await measured(capturedOf('flush'), { directory });
  expect(await seriesOf(third)).toMatchObject({ session_turns_sum: 1, session_turns_count: 1 });
});

test('a late upload of a measured session changes no metric', async () => {
  const directory = newFolder();
  const traces = capturedOf('full').filter(({ kind }) => kind === 'traces');
  const first = await measured(
    capturedOf('full').filter((request) => request !== traces.at(-1)),
    { directory },
  );
  expect((await seriesOf(first)).session_turns_sum).toBe(6);
  await first.close();
  const second = await measured([...traces, ...capturedOf('flush')], { directory });
  expect(await seriesOf(second)).toMatchObject({ session_turns_sum: 1, session_turns_count: 1 });
});

test('a session that its job observes is not measured by the gateway', async () => {
  const observed = capturedOf('full').map((request): Captured => {
    if (request.kind !== 'logs') return request;
    const body = JSON.parse(request.body.toString());
    for (const { scopeLogs } of body.resourceLogs)
      for (const { logRecords } of scopeLogs)
        for (const { attributes } of logRecords)
          attributes
            .find(({ key }: { key: string }) => key === 'session.options')
            ?.value.kvlistValue.values.push({ key: 'talkgauge.observed', value: { boolValue: true } });
    return { ...request, body: Buffer.from(JSON.stringify(body)) };
  });
  const gateway = await startTestGateway({ measurementDelays: noDelays });
  await gateway.take(observed);
  await waitForResult(gateway, 'observed');
  expect(await seriesOf(gateway)).toEqual({});
});

test('a session with the observed marker only on a span is not measured either', async () => {
  const directory = newFolder();
  const first = await startTestGateway({ directory, measurementDelays: longDelays });
  const span = {
    traceId: 'trace',
    spanId: 'marked',
    name: 'agent_turn',
    start: 1000,
    end: 1001,
    attributes: { 'talkgauge.observed': true },
    events: [],
    status: 'unset' as const,
  };
  const identity = { jobId: 'AJ_full', redacted: false, simulated: false };
  await first.store.apply({ ...emptyBatch(identity), spans: [span] }, 'marked');
  await first.take(capturedOf('full'));
  await first.close();
  const gateway = await startTestGateway({ directory, measurementDelays: noDelays });
  await waitForResult(gateway, 'observed');
  expect(await seriesOf(gateway)).toEqual({});
});

test('running sessions count as active until they end', async () => {
  const gateway = await startTestGateway({ measurementDelays: longDelays });
  await gateway.take(captured.filter(({ name }) => name === 'full-02-traces'));
  expect(await seriesOf(gateway)).toEqual({ sessions_active: 1 });
  await gateway.take(captured.filter(({ name }) => name === 'full-08-logs'));
  expect(await seriesOf(gateway)).toEqual({});
});

test('a redacted session is measured, and no label contains its content', async () => {
  const redacted = capturedOf('full').map((request): Captured => {
    if (request.kind !== 'logs') return request;
    const body = JSON.parse(request.body.toString());
    for (const { scopeLogs } of body.resourceLogs)
      for (const { logRecords } of scopeLogs)
        for (const { attributes } of logRecords)
          attributes.push({ key: 'lk.redaction.enabled', value: { boolValue: true } });
    return { ...request, body: Buffer.from(JSON.stringify(body)) };
  });
  const gateway = await measured(redacted);
  expect((await gateway.json('/api/sessions/AJ_full')).redacted).toBe(true);
  expect(await seriesOf(gateway)).toEqual(await measuredSeries(capturedOf('full')));
  const page = await (await fetch(`${gateway.url}/metrics`)).text();
  for (const secret of ['weather like', 'Paris', 'room-full', 'AJ_full', 'RM_full'])
    expect(page).not.toContain(secret);
});

test('new series start at 0 before a session is counted, so that rate() sees the session', async () => {
  const directory = newFolder();
  const first = await startTestGateway({ directory, measurementDelays: longDelays });
  await first.take(capturedOf('flush'));
  await first.close();
  const gateway = await startTestGateway({ directory, measurementDelays: { ...noDelays, announced: 3600 } });
  const page = await vi.waitFor(
    async () => {
      const text = await (await fetch(`${gateway.url}/metrics`)).text();
      expect(text).toContain('lk_agents_turn_e2e_latency_seconds_count{');
      return text;
    },
    { timeout: 30_000, interval: 100 },
  );
  const counts = page.match(/^lk_agents_\w+_(?:count|total)\{.*\} .*$/gm) ?? [];
  expect(counts.length).toBeGreaterThan(50);
  expect(counts.filter((line) => !line.endsWith(' 0'))).toEqual([]);
  // Series of other close reasons start at 0, too.
  expect(page).toMatch(/^lk_agents_sessions_total\{.*close_reason="crashed"\} 0$/m);
  const accept =
    'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5';
  const created = await (await fetch(`${gateway.url}/metrics`, { headers: { accept } })).text();
  expect(created).toMatch(
    /^talkgauge_gateway_uploads_total\{kind="traces"\} 0\ntalkgauge_gateway_uploads_created\{kind="traces"\} \d{10}/m,
  );
  expect(created).toMatch(/^lk_agents_sessions_created\{.*close_reason="crashed"\} \d{10}/m);
  await gateway.close();
  // The session was not measured yet.
  const second = await startTestGateway({ directory, measurementDelays: noDelays });
  await waitForResult(second, 'measured');
  expect(await seriesOf(second)).toMatchObject({ session_turns_sum: 1, session_turns_count: 1 });
});

test('a call that continued during a gateway outage has not ended', async () => {
  const directory = newFolder();
  const first = await startTestGateway({ directory, measurementDelays: longDelays });
  await first.take(captured.filter(({ name }) => name === 'full-02-traces'));
  await first.take(capturedOf('flush'));
  await first.close();
  // No upload was possible for an hour and a half.
  const path = join(directory, 'sessions/AJ_full/session.json');
  const state = JSON.parse(readFileSync(path, 'utf8')) as SessionState;
  writeFileSync(path, JSON.stringify({ ...state, receivedAt: state.receivedAt - 5400 }));
  const gateway = await startTestGateway({ directory, measurementDelays: noDelays });
  await waitForResult(gateway, 'measured');
  expect(await seriesOf(gateway)).toMatchObject({ sessions_active: 1, session_turns_sum: 1 });
  await gateway.close();
  // No upload follows after the restart either.
  const second = await startTestGateway({ directory, measurementDelays: { ...noDelays, lost: 0 } });
  await waitForResult(second, 'measured');
  expect(await seriesOf(second)).toMatchObject({ 'sessions_total{close_reason="crashed"}': 1 });
});

describe('a session whose files cannot be written', () => {
  const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });

  test('is measured when writing works again', async () => {
    const write = vi.spyOn(SessionStore.prototype, 'markMeasured');
    write.mockRejectedValueOnce(full).mockRejectedValueOnce(full);
    const gateway = await measured(capturedOf('flush'));
    expect(write.mock.calls.length).toBe(3);
    write.mockRestore();
    expect(await seriesOf(gateway)).toMatchObject({ session_turns_sum: 1 });
    expect(gateway.lines).toEqual([]);
  });

  test('is skipped after ten attempts until the next start, and counted', async () => {
    const directory = newFolder();
    const first = await startTestGateway({ directory, measurementDelays: longDelays });
    await first.take(capturedOf('flush'));
    await first.close();
    const write = vi.spyOn(SessionStore.prototype, 'markMeasured').mockRejectedValue(full);
    const gateway = await startTestGateway({ directory, measurementDelays: noDelays });
    await waitForResult(gateway, 'failed');
    expect(write.mock.calls.length).toBe(10);
    expect(gateway.lines).toEqual([
      'A session could not be measured (ENOSPC): it is in no series until the gateway starts again. ' +
        'See whether its data directory is full, and may be written to.',
    ]);
    await gateway.close();
    write.mockRestore();
    const second = await startTestGateway({ directory, measurementDelays: noDelays });
    await waitForResult(second, 'measured');
    expect(await seriesOf(second)).toMatchObject({ session_turns_sum: 1 });
  });
});
