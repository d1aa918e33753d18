import { profiles } from '../catalogue/objectives.ts';

const { turnLatency, turnLatencyTail } = profiles.standard;

/** Where latencies begin to stand out, in seconds: the objectives of the standard profile. */
export const latencyLimits = { slow: turnLatency.seconds, 'too-slow': turnLatencyTail.seconds } as const;

/** How a latency is to be taken, against these. Seconds. */
export function latencyClass(seconds: number | undefined): keyof typeof latencyLimits | undefined {
  if (seconds === undefined || seconds <= latencyLimits.slow) return undefined;
  return seconds <= latencyLimits['too-slow'] ? 'slow' : 'too-slow';
}
