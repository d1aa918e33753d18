import type { Logs } from '../api.ts';

type Attributes = Logs['logs'][number]['attributes'];

/** Attributes that identify the source of a line, by the names of both SDKs and of OpenTelemetry. */
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

/** The source of most lines: the most frequent value of each of these attributes. */
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

/** The same attributes with each value once: the SDK has up to three names for a job. */
export function uniqueValues(origin: Attributes): Attributes {
  const seen = new Set<Attributes[string]>();
  return Object.fromEntries(
    Object.entries(origin).filter(([, value]) => !seen.has(value) && seen.add(value)),
  );
}

/** The other attributes of a line. */
export const without = (attributes: Attributes, origin: Attributes): Attributes =>
  Object.fromEntries(Object.entries(attributes).filter(([name, value]) => origin[name] !== value));

/** `llm=gpt-4o attempts=2` */
export const attributesText = (attributes: Attributes): string =>
  Object.entries(attributes)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
