import { work } from './buckets.ts';
import type { MetricSpec } from './types.ts';

/** What is uploaded, by endpoint. */
export const uploadKinds = ['traces', 'logs', 'metrics', 'recordings'] as const;

/** Why an upload was refused, or only a part of it was kept. */
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

/** Where uploads are forwarded to. */
export const destinations = ['tempo', 'loki', 'prometheus', 'livekit_cloud'] as const;

/** The gateway, on its own page of metrics: it belongs to no agent, so that these have none of the common labels. */
export const gateway = {
  talkgauge_gateway_uploads_total: {
    type: 'counter',
    help: 'Uploads that were accepted: they are in the spool, or a part of them is.',
    unit: 'uploads',
    labels: { kind: uploadKinds },
    source: 'Talkgauge gateway',
  },
  talkgauge_gateway_upload_bytes_total: {
    type: 'counter',
    help: 'Bytes of accepted uploads, as they came over the wire.',
    unit: 'bytes',
    labels: { kind: uploadKinds },
    source: 'Talkgauge gateway',
  },
  talkgauge_gateway_refused_total: {
    type: 'counter',
    help: 'Uploads of which nothing, or only the beginning, was kept, by reason.',
    unit: 'uploads',
    labels: { kind: uploadKinds, reason: refusals },
    source: 'Talkgauge gateway',
  },
  talkgauge_gateway_answer_duration_seconds: {
    type: 'histogram',
    help: 'Time from the head of an upload to its answer.',
    unit: 'seconds',
    labels: { kind: uploadKinds },
    buckets: work,
    source: 'Talkgauge gateway',
  },
  talkgauge_gateway_read_refused_total: {
    type: 'counter',
    help: 'Requests to the reading side that had no right to it, by reason.',
    unit: 'requests',
    labels: { reason: ['unauthorized', 'forwarded', 'host', 'origin', 'rate_limited'] },
    source: 'Talkgauge gateway',
  },
  talkgauge_gateway_processed_total: {
    type: 'counter',
    help: 'Spooled uploads that were taken up; malformed: they could not be read; failed: given up after several attempts.',
    unit: 'uploads',
    labels: { kind: uploadKinds, result: ['ok', 'malformed', 'failed'] },
    source: 'Talkgauge gateway',
  },
  talkgauge_gateway_discarded_records_total: {
    type: 'counter',
    help: 'Records of accepted uploads that are not kept, by reason.',
    unit: 'records',
    labels: { reason: ['no_session', 'deleted_session', 'audio_redacted', 'audio_cut', 'history_cut'] },
    source: 'Talkgauge gateway',
  },
  talkgauge_gateway_spool_bytes: {
    type: 'gauge',
    help: 'Bytes of uploads that wait to be taken up.',
    unit: 'bytes',
    labels: {},
    source: 'Talkgauge gateway',
  },
  talkgauge_gateway_spool_entries: {
    type: 'gauge',
    help: 'Uploads that wait to be taken up.',
    unit: 'uploads',
    labels: {},
    source: 'Talkgauge gateway',
  },
  talkgauge_gateway_forwarded_total: {
    type: 'counter',
    help: 'Requests that waited for a backend, each for itself although several may be sent as one, by what became of them; rejected: refused for good; dropped: there was no more room to wait.',
    unit: 'requests',
    labels: { destination: destinations, result: ['ok', 'rejected', 'dropped'] },
    source: 'Talkgauge gateway',
  },
  talkgauge_gateway_forward_failures_total: {
    type: 'counter',
    help: 'Attempts to reach a backend that failed and are made again.',
    unit: 'attempts',
    labels: { destination: destinations },
    source: 'Talkgauge gateway',
  },
  talkgauge_gateway_forward_rejected_records_total: {
    type: 'counter',
    help: 'Spans, log records and data points that a backend rejected out of requests that it took.',
    unit: 'records',
    labels: { destination: destinations },
    source: 'Talkgauge gateway',
  },
  talkgauge_gateway_forward_left_out_total: {
    type: 'counter',
    help: 'Spans, lines of logs and records of conversations that were not handed on, because their job sends them to a backend itself.',
    unit: 'records',
    labels: { destination: ['tempo', 'loki'] },
    source: 'Talkgauge gateway',
  },
  talkgauge_gateway_forward_queue_bytes: {
    type: 'gauge',
    help: 'Bytes that wait for a backend.',
    unit: 'bytes',
    labels: { destination: destinations },
    source: 'Talkgauge gateway',
  },
  talkgauge_gateway_measured_sessions_total: {
    type: 'counter',
    help: 'Sessions that ended, by who measures them: the gateway; observed: their job, with Talkgauge in it; insufficient_data: nobody, for too little came of them; failed: nobody until the next start, for their files could not be read or written.',
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
    help: 'Sessions that were moved into the bucket; failed: it is tried again.',
    unit: 'sessions',
    labels: { result: ['ok', 'failed'] },
    source: 'Talkgauge gateway',
  },
  talkgauge_gateway_sessions_removed_total: {
    type: 'counter',
    help: 'Sessions that were removed: by age, by size, or because somebody asked.',
    unit: 'sessions',
    labels: { reason: ['age', 'size', 'request'] },
    source: 'Talkgauge gateway',
  },
} as const satisfies Record<string, MetricSpec>;
