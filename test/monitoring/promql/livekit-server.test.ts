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

  test('without recorded series, only audio is queried', () => {
    expect(raw.quantile(0.95, 'livekit_rtt_ms', { direction: 'outgoing' })).toBe(
      'histogram_quantile(0.95, sum by (le) (increase(livekit_rtt_ms_bucket{type="AUDIO", direction="outgoing"}[$__rate_interval]))) / 1000 >= 0',
    );
    expect(raw.buckets('livekit_quality_score')).toBe(
      'sum by (le) (increase(livekit_quality_score_bucket[$__rate_interval]))',
    );
  });
});
