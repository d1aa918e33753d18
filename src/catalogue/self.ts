import type { MetricSpec } from './types.ts';

/** Earshot on itself: what it refused, dropped and overflowed. */
export const self = {
  earshot_build_info: {
    type: 'gauge',
    help: 'Always 1; says which versions run.',
    unit: 'info',
    labels: { version: 'open', sdk_version: 'open', node_version: 'open' },
    source: 'Earshot',
  },
  earshot_invalid_samples_total: {
    type: 'counter',
    help: 'Values of SDK events that were refused: the reason says which guard did it.',
    unit: 'samples',
    labels: { metric: 'open', reason: ['nan', 'negative', 'absurd', 'missing'] },
    source: 'Earshot',
  },
  earshot_samples_dropped_total: {
    type: 'counter',
    help: 'Samples that never reached a series, by reason.',
    unit: 'samples',
    labels: {
      reason: [
        'queue_full',
        'disconnected',
        'invalid_frame',
        'unknown_metric',
        'unknown_label',
        'invalid_value',
        'series_limit',
        'internal_error',
      ],
    },
    source: 'Earshot',
  },
  earshot_duplicate_events_total: {
    type: 'counter',
    help: 'SDK events that repeat another one (fallback and stream adapters, shared instances) and were not counted again.',
    unit: 'events',
    labels: { type: 'open' },
    source: 'Earshot',
  },
  earshot_relay_connections: {
    type: 'gauge',
    help: 'Job processes that are connected to the worker.',
    unit: 'connections',
    labels: {},
    source: 'Earshot',
  },
  earshot_relay_frames_total: {
    type: 'counter',
    help: 'Frames that job processes sent, by what became of them.',
    unit: 'frames',
    labels: { result: ['ok', 'malformed', 'oversized', 'incompatible'] },
    source: 'Earshot',
  },
  earshot_label_overflow_total: {
    type: 'counter',
    help: 'Samples whose label value was replaced by "other", because the label had too many values.',
    unit: 'samples',
    labels: { label: 'open' },
    source: 'Earshot',
  },
  earshot_price_file_timestamp_seconds: {
    type: 'gauge',
    help: 'Day of which the prices are; of the built-in list, its oldest. The user file goes before it.',
    unit: 'seconds',
    labels: { source: ['user', 'builtin'] },
    source: 'Earshot',
  },
  earshot_price_file_reloads_total: {
    type: 'counter',
    help: 'Changes of the price file; failed: it cannot be used, and the prices before it stay.',
    unit: 'reloads',
    labels: { result: ['ok', 'failed'] },
    source: 'Earshot',
  },
  earshot_series: {
    type: 'gauge',
    help: 'Label sets that the catalogue holds in this process.',
    unit: 'series',
    labels: {},
    source: 'Earshot',
  },
} as const satisfies Record<string, MetricSpec>;
