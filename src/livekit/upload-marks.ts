import type { Attributes } from '@opentelemetry/api';

type Metadata = Record<string, boolean | string> | undefined;

/**
 * Adds attributes to what the SDK says of each span, line and report that it uploads of a job. An SDK that keeps that elsewhere
 * uploads without them, and the gateway then hands on what it gets.
 */
export function markUploads(job: object, marks: () => Attributes): void {
  const held = job as { _otelMetadata?: (...options: unknown[]) => Metadata };
  const { _otelMetadata: made } = held;
  if (typeof made !== 'function' || !Object.isExtensible(job)) return;
  held._otelMetadata = (...options) => ({ ...made.apply(job, options), ...(marks() as Metadata) });
}
