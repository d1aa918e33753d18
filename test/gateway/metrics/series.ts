import { expect, vi } from 'vitest';
import type { GatewayOptions } from '../../../src/gateway/options.ts';
import { newFolder, type Running, startTestGateway } from '../running.ts';
import type { Captured } from '../uploads.ts';

/** Longer than any test. */
export const longDelays = { settled: 3600, unrecorded: 3600, lost: 3600, announced: 0, failed: 0 };
/** Sessions stored at startup are measured immediately; only lost sessions have a delay. */
export const noDelays = { settled: 0, unrecorded: 0, lost: 3600, announced: 0, failed: 0 };

/** The session series in /metrics, without buckets, common labels and zeros, rounded to microseconds. */
export async function seriesOf({ url }: { url: string }): Promise<Record<string, number>> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const series: Record<string, number> = {};
  for (const line of text.split('\n')) {
    const [, name = '', labels = '', value] = line.match(/^(lk_agents_\w+)\{(.*)\} (\S+)$/) ?? [];
    if (value === undefined || name.endsWith('_bucket') || Number(value) === 0) continue;
    const own = labels.replace(/agent_name="[^"]*",agent_version="[^"]*",?/, '');
    const rounded = Math.round(Number(value) * 1e6) / 1e6;
    series[own ? `${name.slice(10)}{${own}}` : name.slice(10)] = rounded;
  }
  return series;
}

/** Waits until a gateway has measured this many sessions with a result. */
export async function waitForResult(
  gateway: Running,
  result: 'measured' | 'observed' | 'insufficient_data' | 'failed',
  sessions = 1,
): Promise<void> {
  await vi.waitFor(
    async () =>
      expect(await gateway.metric('talkgauge_gateway_measured_sessions_total', { result })).toBe(sessions),
    { timeout: 60_000, interval: 250 },
  );
}

/** A gateway that has measured these uploads. It measures after all of them have arrived, so their timing has no influence. */
export async function measured(
  requests: readonly Captured[],
  options: Partial<GatewayOptions> = {},
  sessions = 1,
): Promise<Running> {
  const directory = options.directory ?? newFolder();
  const first = await startTestGateway({ directory, measurementDelays: longDelays });
  await first.take(requests);
  await first.close();
  const gateway = await startTestGateway({ measurementDelays: noDelays, ...options, directory });
  await waitForResult(gateway, 'measured', sessions);
  return gateway;
}
