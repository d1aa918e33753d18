import { work } from './buckets.ts';
import type { MetricSpec } from './types.ts';

/** The kinds of uploads, by endpoint. */
export const uploadKinds = ['traces', 'logs', 'metrics', 'recordings'] as const;

/** Why an upload was refused, or only partly stored. */
export const refusals = [
  'unauthorized',
  'redirected',
  'rate_limited',
  'too_large',
  'too_slow',
  'aborted',
  'encoding',
  'spool_full',
  'disk_full',
  'internal_error',
] as const;

/** The destinations of forwarded uploads. */
export const destinations = ['tempo', 'loki', 'prometheus', 'livekit_cloud'] as const;

/** The gateway, on its own page of metrics: it belongs to no agent, so that these have none of the common labels. */
export const gateway = {
  talkgauge_gateway_uploads_total: {
    type: 'counter',
    help: 'Uploads that were accepted and queued, in full or in part.',
    unit: 'uploads',
    labels: { kind: uploadKinds },
    source: 'Talkgauge gateway',
  },
  talkgauge_gateway_upload_bytes_total: {
    type: 'counter',
    help: 'Bytes of accepted uploads, as received on the wire.',
    unit: 'bytes',
    labels: { kind: uploadKinds },
    source: 'Talkgauge gateway',
  },
  talkgauge_gateway_refused_total: {
    type: 'counter',
    help: 'Uploads that were refused or truncated, by reason.',
    unit: 'uploads',
    labels: { kind: uploadKinds, reason: refusals },
    source: 'Talkgauge gateway',
  },
  talkgauge_gateway_answer_duration_seconds: {
    type: 'histogram',
    help: 'Time from the request head of an upload to its response.',
    unit: 'seconds',
    labels: { kind: uploadKinds },
    buckets: work,
    source: 'Talkgauge gateway',
  },
  talkgauge_gateway_read_refused_total: {
    type: 'counter',
    help: 'Unauthorized requests to the page, the API or /metrics, by reason.',
    unit: 'requests',
    labels: { reason: ['unauthorized', 'forwarded', 'host', 'origin', 'rate_limited'] },
    source: 'Talkgauge gateway',
  },
  talkgauge_gateway_processed_total: {
    type: 'counter',
    help: 'Queued uploads that were processed; malformed: they could not be decoded; failed: dropped after several attempts.',
    unit: 'uploads',
    labels: { kind: uploadKinds, result: ['ok', 'malformed', 'failed'] },
    source: 'Talkgauge gateway',
  },
  talkgauge_gateway_discarded_records_total: {
    type: 'counter',
    help: 'Records of accepted uploads that are discarded, by reason.',
    unit: 'records',
    labels: { reason: ['no_session', 'deleted_session', 'audio_redacted', 'audio_cut', 'history_cut'] },
    source: 'Talkgauge gateway',
  },
  talkgauge_gateway_spool_bytes: {
    type: 'gauge',
    help: 'Bytes of uploads in the queue.',
    unit: 'bytes',
    labels: {},
    source: 'Talkgauge gateway',
  },
  talkgauge_gateway_spool_entries: {
    type: 'gauge',
    help: 'Uploads in the queue.',
    unit: 'uploads',
    labels: {},
    source: 'Talkgauge gateway',
  },
  talkgauge_gateway_forwarded_total: {
    type: 'counter',
    help: 'Requests queued for a backend, by result; requests that are sent as one batch count separately; rejected: refused permanently; dropped: the queue was full.',
    unit: 'requests',
    labels: { destination: destinations, result: ['ok', 'rejected', 'dropped'] },
    source: 'Talkgauge gateway',
  },
  talkgauge_gateway_forward_failures_total: {
    type: 'counter',
    help: 'Failed attempts to reach a backend; they are retried.',
    unit: 'attempts',
    labels: { destination: destinations },
    source: 'Talkgauge gateway',
  },
  talkgauge_gateway_forward_rejected_records_total: {
    type: 'counter',
    help: 'Spans, log records and data points that a backend rejected in accepted requests.',
    unit: 'records',
    labels: { destination: destinations },
    source: 'Talkgauge gateway',
  },
  talkgauge_gateway_forward_left_out_total: {
    type: 'counter',
    help: 'Spans, log lines and conversation records that were not forwarded, because their job exports them itself.',
    unit: 'records',
    labels: { destination: ['tempo', 'loki'] },
    source: 'Talkgauge gateway',
  },
  talkgauge_gateway_forward_queue_bytes: {
    type: 'gauge',
    help: 'Bytes queued for a backend.',
    unit: 'bytes',
    labels: { destination: destinations },
    source: 'Talkgauge gateway',
  },
  talkgauge_gateway_measured_sessions_total: {
    type: 'counter',
    help: 'Sessions that ended, by measurement result; measured: by the gateway; observed: by Talkgauge in their job; insufficient_data: not measured, because too little data was received; failed: not measured until the next start, because their files could not be read or written.',
    unit: 'sessions',
    labels: { result: ['measured', 'observed', 'insufficient_data', 'failed'] },
    source: 'Talkgauge gateway',
  },
  talkgauge_gateway_sessions: {
    type: 'gauge',
    help: 'Sessions in the store.',
    unit: 'sessions',
    labels: {},
    source: 'Talkgauge gateway',
  },
  talkgauge_gateway_store_bytes: {
    type: 'gauge',
    help: 'Bytes of the sessions in the store.',
    unit: 'bytes',
    labels: {},
    source: 'Talkgauge gateway',
  },
  talkgauge_gateway_archived_total: {
    type: 'counter',
    help: 'Sessions that were moved to the bucket; failed: retried later.',
    unit: 'sessions',
    labels: { result: ['ok', 'failed'] },
    source: 'Talkgauge gateway',
  },
  talkgauge_gateway_sessions_removed_total: {
    type: 'counter',
    help: 'Sessions that were removed, by reason.',
    unit: 'sessions',
    labels: { reason: ['age', 'size', 'request'] },
    source: 'Talkgauge gateway',
  },
} as const satisfies Record<string, MetricSpec>;
