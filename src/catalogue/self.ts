import { ofWorker } from './start-at-zero.ts';
import type { MetricSpec } from './types.ts';

/** Only where a price file, a backend or reports are set up is there anything to count: then one makes the others known. */
const once = (...series: readonly string[]) => series.map((name) => ({ series: name }));
const spans = once(
  'earshot_spans_exported_total',
  'earshot_spans_dropped_total',
  'earshot_spans_left_out_total',
);
const logRecords = once('earshot_log_records_exported_total', 'earshot_log_records_dropped_total');

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
    startsWith: ofWorker,
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
    startsWith: ofWorker,
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
    startsWith: once('earshot_price_file_reloads_total'),
    source: 'Earshot',
  },
  earshot_spans_exported_total: {
    type: 'counter',
    help: 'Spans that an OTLP backend has taken.',
    unit: 'spans',
    labels: {},
    startsWith: spans,
    source: 'Earshot',
  },
  earshot_spans_dropped_total: {
    type: 'counter',
    help: 'Spans that never reached the OTLP backend, by reason; deadline: the job ended before.',
    unit: 'spans',
    labels: { reason: ['queue_full', 'export_failed', 'deadline', 'internal_error'] },
    startsWith: spans,
    source: 'Earshot',
  },
  earshot_spans_left_out_total: {
    type: 'counter',
    help: 'Spans of turns that sampling left out.',
    unit: 'spans',
    labels: {},
    startsWith: spans,
    source: 'Earshot',
  },
  earshot_log_records_exported_total: {
    type: 'counter',
    help: 'Log lines and conversation records that an OTLP backend has taken.',
    unit: 'records',
    labels: {},
    startsWith: logRecords,
    source: 'Earshot',
  },
  earshot_log_records_dropped_total: {
    type: 'counter',
    help: 'Log lines and conversation records that never reached the OTLP backend, by reason; deadline: the job ended before.',
    unit: 'records',
    labels: { reason: ['queue_full', 'export_failed', 'deadline', 'internal_error'] },
    startsWith: logRecords,
    source: 'Earshot',
  },
  earshot_session_reports_total: {
    type: 'counter',
    help: 'Session reports by what became of them; written: in the folder, where those for a bucket wait; uploaded: in the bucket at once; deadline: the job ended before the folder had it; recovered: the job died, and its worker wrote it.',
    unit: 'reports',
    labels: { outcome: ['written', 'uploaded', 'failed', 'deadline', 'recovered'] },
    startsWith: once('earshot_session_reports_total'),
    source: 'Earshot',
  },
  earshot_session_report_uploads_total: {
    type: 'counter',
    help: 'What became of session reports that waited for their bucket; failed: attempts after which they wait on.',
    unit: 'uploads',
    labels: { result: ['ok', 'failed'] },
    startsWith: once('earshot_session_report_uploads_total'),
    source: 'Earshot',
  },
  earshot_session_reports_removed_total: {
    type: 'counter',
    help: 'Session reports that were removed with their recordings, because of their age, or to make room.',
    unit: 'reports',
    labels: { reason: ['age', 'size'] },
    startsWith: once('earshot_session_reports_total', 'earshot_session_reports_removed_total'),
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
