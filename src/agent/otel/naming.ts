/** OpenTelemetry's units as Prometheus names spell them. */
const units: Readonly<Record<string, string>> = {
  d: 'days',
  h: 'hours',
  min: 'minutes',
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  By: 'bytes',
  KiBy: 'kibibytes',
  MiBy: 'mebibytes',
  GiBy: 'gibibytes',
  '1': 'ratio',
  '%': 'percent',
};

/** An OpenTelemetry unit as Prometheus spells it; undefined for none, an annotation (`{request}`) or an unknown one. */
export const unitName = (unit: string | undefined): string | undefined =>
  unit && Object.hasOwn(units, unit) ? units[unit] : undefined;

const sanitise = (name: string): string => {
  const clean = name.replace(/[^a-zA-Z0-9_]+/g, '_').replace(/_{2,}/g, '_');
  return /^[0-9]/.test(clean) ? `_${clean}` : clean;
};

/** `v8js.gc.type` → `v8js_gc_type`. */
export const labelName = (attribute: string): string => sanitise(attribute);

/**
 * The name of a family, without a counter's `_total`, as OpenTelemetry's Prometheus compatibility
 * rules make it: `nodejs.eventloop.time` in `s` → `nodejs_eventloop_time_seconds`. Only a gauge
 * without dimension is a ratio.
 */
export function familyName(
  name: string,
  unit: string | undefined,
  type: 'counter' | 'gauge' | 'histogram',
): { name: string; unit?: string } {
  const base = type === 'counter' ? sanitise(name).replace(/_total$/, '') : sanitise(name);
  const word = unit === '1' && type !== 'gauge' ? undefined : unitName(unit);
  if (!word) return { name: base };
  return { name: base.endsWith(`_${word}`) ? base : `${base}_${word}`, unit: word };
}
