import type { Logs } from '../api.ts';

type Attributes = Logs['logs'][number]['attributes'];

/** Attributes that tell where a line comes from, as both SDKs and OpenTelemetry call them. */
const names = [
  'room_id',
  'job_id',
  'jobID',
  'jobId',
  'roomID',
  'roomId',
  'room',
  'lk.pii.room_name',
  'agent_name',
  'worker_id',
  'logger.name',
  'service.name',
  'process.pid',
  'host.name',
] as const;

/** Where most lines come from: of each of these attributes the most frequent value. */
export function originOf(lines: readonly { attributes: Attributes }[]): Attributes {
  const origin: Attributes = {};
  for (const name of names) {
    const counts = new Map<Attributes[string], number>();
    for (const { attributes } of lines) {
      const value = attributes[name];
      if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    const [most] = [...counts].sort(([, a], [, b]) => b - a);
    if (most) origin[name] = most[0];
  }
  return origin;
}

/** The same, each value once: the SDK has up to three names for a job. */
export function uniqueValues(origin: Attributes): Attributes {
  const seen = new Set<Attributes[string]>();
  return Object.fromEntries(
    Object.entries(origin).filter(([, value]) => !seen.has(value) && seen.add(value)),
  );
}

/** What a line says beyond that. */
export const without = (attributes: Attributes, origin: Attributes): Attributes =>
  Object.fromEntries(Object.entries(attributes).filter(([name, value]) => origin[name] !== value));

/** `llm=gpt-4o attempts=2` */
export const attributesText = (attributes: Attributes): string =>
  Object.entries(attributes)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
