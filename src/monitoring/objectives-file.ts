import { parse } from 'yaml';
import { z } from 'zod';
import type { Objectives } from '../catalogue/objectives.ts';

const seconds = z.number().positive();
const ratio = z.number().gt(0).lt(1);
const latency = z.strictObject({ seconds, ratio });

/** The form of each objective; one that is added to `Objectives` does not compile until it has one. */
const forms: { readonly [O in keyof Objectives]-?: z.ZodType<Objectives[O]> } = {
  turnLatency: latency,
  turnLatencyTail: latency,
  sessionSuccess: z.strictObject({ ratio }),
  firstResponse: seconds,
  deadAir: seconds,
  deadAirRatio: ratio,
  toolDuration: seconds,
  toolErrorRatio: ratio,
  providerErrorRatio: ratio,
  crashRatio: ratio,
  recordingErrorRatio: ratio,
  unansweredRatio: ratio,
  falseInterruptionRatio: ratio,
  earlyHangup: seconds,
  earlyHangupRatio: ratio,
  costPerMinute: z.number().positive().optional(),
  loadThreshold: ratio,
  workerLoad: ratio,
  networkLossRatio: ratio,
  networkRttSeconds: seconds,
  networkJitterSeconds: seconds,
};
const form = z.strictObject(forms).partial();

/**
 * Reads objectives of the user's own, as YAML or JSON: `turnLatency: { seconds: 1.2, ratio: 0.95 }`. Those that it leaves
 * out stay as the profile has them.
 *
 * @throws {Error} that names each objective that cannot be used, and what it takes
 */
export function parseObjectives(text: string, profile: Objectives): Objectives {
  const result = form.safeParse(parse(text) ?? {});
  if (result.success) return { ...profile, ...result.data };
  const problems = result.error.issues.map(
    ({ path, message }) => `${path.join('.') || 'the file'}: ${message}`,
  );
  throw new Error(`${problems.join('; ')}. The objectives are ${Object.keys(forms).join(', ')}.`);
}
