import { expect, test } from 'vitest';
import { startTestGateway } from './running.ts';
import { captured, capturedOf, upload } from './uploads.ts';

test('every captured request is answered with 200, and none is malformed', async () => {
  const gateway = await startTestGateway();
  for (const request of captured) {
    const { status } = await upload(gateway.url, request);
    expect([request.name, status]).toEqual([request.name, 200]);
  }
  await gateway.drained(20_000);
  expect(await gateway.metric('earshot_gateway_processed_total', { kind: 'logs', result: 'ok' })).toBe(9);
  expect(await gateway.metric('earshot_gateway_processed_total', { kind: 'traces', result: 'ok' })).toBe(5);
  expect(await gateway.metric('earshot_gateway_processed_total', { result: 'malformed' })).toBe(0);
  expect(gateway.lines).toEqual([]);
});

test('a session is what its job did', async () => {
  const gateway = await startTestGateway();
  await gateway.take(capturedOf('full'));
  const { total, sessions } = await gateway.json('/api/sessions');
  console.log(JSON.stringify(sessions, null, 1));
  console.log(JSON.stringify(await gateway.json('/api/sessions/AJ_full'), null, 1));
  expect(total).toBe(1);
});
test('flush', async () => {
  const gateway = await startTestGateway();
  await gateway.take(capturedOf('flush'));
  console.log(JSON.stringify(await gateway.json('/api/sessions/AJ_flush'), null, 1));
  console.log(JSON.stringify(await gateway.json('/api/sessions/AJ_flush/transcript'), null, 1));
  console.log(JSON.stringify(await gateway.json('/api/sessions/AJ_flush/report'), null, 1).slice(0, 1500));
  const r = await fetch(`${gateway.url}/api/sessions/AJ_flush/audio`, { headers: { range: 'bytes=0-3' } });
  console.log(r.status, await r.text(), Object.fromEntries(r.headers));
});
