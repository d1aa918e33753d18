import type { SessionReport } from './schema.ts';

/** The latency of turns that were measured, in seconds; percentiles by nearest rank. */
export function latencyOf(turns: readonly { e2eLatency?: number }[]): SessionReport['latency'] {
  const sorted = turns
    .flatMap(({ e2eLatency }) => (e2eLatency === undefined ? [] : [e2eLatency]))
    .sort((a, b) => a - b);
  if (sorted.length === 0) return { turns: 0 };
  const quantile = (share: number) => sorted[Math.ceil(share * sorted.length) - 1];
  return { turns: sorted.length, p50: quantile(0.5), p95: quantile(0.95), max: sorted.at(-1) };
}
