import { expect, test } from 'vitest';
import { Telemetry } from '../../src/gateway/telemetry.ts';

/** The lines of /metrics that begin with a name. */
const lines = async ({ registry }: Telemetry, name: string) =>
  (await registry.metrics()).split('\n').filter((line) => line.startsWith(`${name}{`));

test('counters start at 0, so that rate() sees the first event', async () => {
  const telemetry = new Telemetry();
  // 4 kinds of uploads by 10 reasons
  const refused = await lines(telemetry, 'talkgauge_gateway_refused_total');
  expect(refused).toHaveLength(40);
  expect(refused.filter((line) => !line.endsWith(' 0'))).toEqual([]);
  expect(await lines(telemetry, 'talkgauge_gateway_measured_sessions_total')).toHaveLength(4);
});

test('only configured destinations have counters', async () => {
  const telemetry = new Telemetry();
  expect(await lines(telemetry, 'talkgauge_gateway_forwarded_total')).toEqual([]);
  telemetry.count('talkgauge_gateway_forwarded_total', { destination: 'loki', result: 'ok' }, 2);
  telemetry.addDestination('loki');
  expect(await lines(telemetry, 'talkgauge_gateway_forwarded_total')).toEqual([
    'talkgauge_gateway_forwarded_total{destination="loki",result="ok"} 2',
    'talkgauge_gateway_forwarded_total{destination="loki",result="rejected"} 0',
    'talkgauge_gateway_forwarded_total{destination="loki",result="dropped"} 0',
  ]);
  expect(await lines(telemetry, 'talkgauge_gateway_forward_failures_total')).toEqual([
    'talkgauge_gateway_forward_failures_total{destination="loki"} 0',
  ]);
});
