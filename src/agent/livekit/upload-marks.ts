import type { Attributes } from '@opentelemetry/api';
import { wrapUploadMetadata } from './private-apis.ts';

/**
 * Adds attributes to what the SDK says of each span, line and report that it uploads of a job. An SDK that keeps that elsewhere
 * uploads without them, and the gateway then hands on what it gets.
 */
export function markUploads(job: object, marks: () => Attributes): void {
  wrapUploadMetadata(job, (made) => (...options) => ({
    ...made(...options),
    ...(marks() as Record<string, boolean | string>),
  }));
}
