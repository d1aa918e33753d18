import { describe, expect, test } from 'vitest';
import { serverQueries } from '../../../src/monitoring/promql/livekit-server.ts';

describe("queries of LiveKit's server", () => {
  const recorded = serverQueries(true);
  const raw = serverQueries(false);

  test('a mean loss in percent becomes a ratio', () => {
    expect(recorded.mean('livekit_packet_loss_percent', { direction: 'incoming', window: '10m' })).toBe(
      'sum(sum_over_time(node:livekit_packet_loss_percent_sum:rate5m{direction="incoming"}[10m])) * 60 / ' +
        '(sum(sum_over_time(node:livekit_packet_loss_percent_count:rate5m{direction="incoming"}[10m])) * 60 > 0) / 100',
    );
  });

  test('a jitter in microseconds becomes seconds, by node', () => {
    expect(recorded.quantile(0.95, 'livekit_jitter_us', { by: ['instance'], window: '1h' })).toBe(
      'histogram_quantile(0.95, sum by (instance, le) (sum_over_time(node:livekit_jitter_us_bucket:rate5m[1h])) * 60) / 1000000 >= 0',
    );
  });

  test('bad observations are those above the last bound that is not above the limit', () => {
    const of = { by: ['instance'], window: '10m' } as const;
    const count = 'sum by (instance) (sum_over_time(node:livekit_rtt_ms_count:rate5m[10m])) * 60';
    expect(recorded.countAbove(0.3, 'livekit_rtt_ms', of)).toBe(
      `(${count} - sum by (instance) (sum_over_time(node:livekit_rtt_ms_bucket:rate5m{le=~"250|250\\\\.0"}[10m])) * 60)`,
    );
    expect(recorded.countAbove(0.003, 'livekit_packet_loss_percent', of)).toContain('le=~"0\\\\.3"');
    expect(recorded.countAbove(0.04, 'livekit_rtt_ms', of)).toBe(count);
  });

  test('without recorded series, only audio is queried', () => {
    expect(raw.quantile(0.95, 'livekit_rtt_ms', { direction: 'outgoing' })).toBe(
      'histogram_quantile(0.95, sum by (le) (increase(livekit_rtt_ms_bucket{type="AUDIO", direction="outgoing"}[$__rate_interval]))) / 1000 >= 0',
    );
    expect(raw.buckets('livekit_quality_score')).toBe(
      'sum by (le) (increase(livekit_quality_score_bucket[$__rate_interval]))',
    );
  });
});
