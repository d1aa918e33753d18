import { expect, test, vi } from 'vitest';
import { newFolder, startTestGateway } from '../running.ts';
import { type Captured, captured, capturedOf } from '../uploads.ts';
import { atOnce, judged, measured, never, seriesOf } from './series.ts';

const figuresOf = async (requests: readonly Captured[]) => seriesOf(await measured(requests));

test('uploads that come twice, and in any order, count once', async () => {
  const full = capturedOf('full');
  const once = await figuresOf(full);
  expect(once.session_turns_sum).toBe(6);
  expect(await figuresOf(full.flatMap((request) => [request, request]))).toEqual(once);
  expect(await figuresOf(full.toReversed())).toEqual(once);
});

test('a session whose uploads come before and after a restart is measured once, and not again after the next', async () => {
  const directory = newFolder();
  const full = capturedOf('full');
  const first = await startTestGateway({ directory, patience: never });
  await first.take(full.slice(0, 6));
  await first.close();
  const second = await measured(full.slice(6), { directory });
  const figures = await seriesOf(second);
  expect(figures.session_turns_sum).toBe(6);
  expect(figures).toEqual(await figuresOf(full));
  await second.close();
  // Another session is measured, so that this one would have been.
  const third = await measured(capturedOf('flush'), { directory });
  expect(await seriesOf(third)).toMatchObject({ session_turns_sum: 1, session_turns_count: 1 });
});

test('what still comes of a session that was measured changes nothing', async () => {
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

test('a session whose job observes it is left to that job', async () => {
  const marked = capturedOf('full').map((request): Captured => {
    if (request.kind !== 'logs') return request;
    const body = JSON.parse(request.body.toString());
    for (const { scopeLogs } of body.resourceLogs)
      for (const { logRecords } of scopeLogs)
        for (const { attributes } of logRecords)
          attributes
            .find(({ key }: { key: string }) => key === 'session.options')
            ?.value.kvlistValue.values.push({ key: 'earshot.observed', value: { boolValue: true } });
    return { ...request, body: Buffer.from(JSON.stringify(body)) };
  });
  const gateway = await startTestGateway({ patience: atOnce });
  await gateway.take(marked);
  await judged(gateway, 'observed');
  expect(await seriesOf(gateway)).toEqual({});
});

test('sessions that run are counted as active until they end', async () => {
  const gateway = await startTestGateway({ patience: never });
  await gateway.take(captured.filter(({ name }) => name === 'full-02-traces'));
  expect(await seriesOf(gateway)).toEqual({ sessions_active: 1 });
  await gateway.take(captured.filter(({ name }) => name === 'full-08-logs'));
  expect(await seriesOf(gateway)).toEqual({});
});

test('a redacted session counts like any, and nothing of it is in a label', async () => {
  const flagged = capturedOf('full').map((request): Captured => {
    if (request.kind !== 'logs') return request;
    const body = JSON.parse(request.body.toString());
    for (const { scopeLogs } of body.resourceLogs)
      for (const { logRecords } of scopeLogs)
        for (const { attributes } of logRecords)
          attributes.push({ key: 'lk.redaction.enabled', value: { boolValue: true } });
    return { ...request, body: Buffer.from(JSON.stringify(body)) };
  });
  const gateway = await measured(flagged);
  expect((await gateway.json('/api/sessions/AJ_full')).redacted).toBe(true);
  expect(await seriesOf(gateway)).toEqual(await figuresOf(capturedOf('full')));
  const page = await (await fetch(`${gateway.url}/metrics`)).text();
  for (const secret of ['weather like', 'Paris', 'room-full', 'AJ_full', 'RM_full'])
    expect(page).not.toContain(secret);
});

test('new series are there at 0 before a session is in them, so that rates see it', async () => {
  const directory = newFolder();
  const first = await startTestGateway({ directory, patience: never });
  await first.take(capturedOf('flush'));
  await first.close();
  const gateway = await startTestGateway({ directory, patience: { ...atOnce, announced: 3600 } });
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
  await gateway.close();
  // It was not measured yet.
  const second = await startTestGateway({ directory, patience: atOnce });
  await judged(second, 'measured');
  expect(await seriesOf(second)).toMatchObject({ session_turns_sum: 1, session_turns_count: 1 });
});
