import type { ObservedEvents } from '../../session/events.ts';
import { type Attributes, number, type Plain, parsed, text } from '../decode/plain.ts';

export type SdkMetrics = ObservedEvents['metrics_collected']['metrics'];

/** Fields that Python tells in seconds, and Node.js in milliseconds under a name that says so. */
const seconds: ReadonlySet<string> = new Set([
  'duration',
  'ttft',
  'ttfb',
  'audio_duration',
  'session_duration',
  'acquire_time',
]);

const camel = (key: string): string => key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** A metrics event of the Python SDK, in the names and units of the JavaScript SDK. */
function ofPython(wire: Attributes): Record<string, Plain> {
  const found: Record<string, Plain> = {};
  for (const [key, value] of Object.entries(wire)) {
    if (value === null) continue;
    if (typeof value === 'object' && !Array.isArray(value)) found[camel(key)] = ofPython(value);
    else if (key === 'timestamp') found.timestamp = Number(value) * 1000;
    else if (!seconds.has(key)) found[camel(key)] = value;
    // Nothing was acquired where it took no time at all.
    else if (key !== 'acquire_time' || value !== 0) found[`${camel(key)}Ms`] = inMilliseconds(value);
  }
  return found;
}

/** -1 stands for "never", in either unit. */
function inMilliseconds(value: Plain): Plain {
  const taken = number(value);
  if (taken === undefined || taken === -1) return taken ?? value;
  return taken * 1000;
}

/**
 * The metrics event that an SDK wrote on a span, as JSON.
 *
 * @param endedAt unix seconds at which the span ended
 * @param speechId the speech that the span is about: it is not in the event yet when that is written
 */
export function sdkMetricsOf(
  json: Plain | undefined,
  type: SdkMetrics['type'],
  endedAt: number,
  speechId: string | undefined,
): SdkMetrics | undefined {
  const wire = parsed(json);
  if (wire.type !== type) return undefined;
  // Keys with an underscore are Python's.
  const metrics = Object.keys(wire).some((key) => key.includes('_')) ? ofPython(wire) : wire;
  return {
    ...metrics,
    label: text(metrics.label) ?? '',
    requestId: text(metrics.requestId) ?? '',
    timestamp: number(metrics.timestamp) ?? endedAt * 1000,
    ...(speechId !== undefined && { speechId }),
  } as unknown as SdkMetrics;
}
