import type { Attributes } from '@opentelemetry/api';
import type { IAttributesProcessor } from '@opentelemetry/sdk-metrics';

/** Attributes that tell one call from another: `room_id`, `lk.job_id`, `lk.pii.room_name`, `phone_number`, … */
const identifying = new RegExp(
  [
    '(?:^|[._-])(?:',
    'pii[._-].+|',
    'room|participant|phone(?:[._-]?number)?|',
    '(?:room|participant|user)[._-]?(?:name|identity)|',
    '(?:room|participant|user|job|session|conversation|dispatch|speech|generation|segment|track|request|response|call)',
    '[._-]?s?ids?',
    ')$',
  ].join(''),
  'i',
);

export const isIdentifying = (attribute: string): boolean => identifying.test(attribute);

/** What OpenTelemetry's own cardinality limit puts in the place of attributes. */
const overflow: Attributes = { 'otel.metric.overflow': true };

/**
 * Leaves out what identifies a call, and lets no more than `max` different attribute sets through;
 * further ones become `otel.metric.overflow`.
 *
 * The SDK's own limit counts from nought again after each collection, so it does not bound a process
 * that lives for days.
 */
export function boundedAttributes(max: number): IAttributesProcessor {
  const seen = new Set<string>();
  return {
    process(incoming) {
      const kept = Object.entries(incoming)
        .filter(([attribute]) => !isIdentifying(attribute))
        .sort(([a], [b]) => (a < b ? -1 : 1));
      const key = JSON.stringify(kept);
      if (!seen.has(key)) {
        if (seen.size >= max) return overflow;
        seen.add(key);
      }
      return Object.fromEntries(kept);
    },
  };
}
