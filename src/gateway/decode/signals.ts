import { type Attributes, attributesOf, attributeValueOf, record, secondsOf } from './attribute-value.ts';
import { chatItemOfLog } from './chat-item.ts';
import { checkJsonLimits, checkProtobufLimits } from './decode-limits.ts';
import { type Identity, identityOf, merged, withoutMarkers } from './identity.ts';
import { logRequestOfJson } from './otlp-json.ts';
import {
  type HistogramPoint,
  LogRequest,
  MetricRequest,
  type NumberPoint,
  type Resource,
  type Scope,
  type Span,
  TraceRequest,
  type WireLog,
} from './otlp-schema.ts';
import type { Evaluation, LogLevel, LogRecord, MetricPoint, SessionBatch, SpanRecord } from './records.ts';
import { sessionReportOf } from './session-report.ts';

/**
 * @param json whether it is OTLP's JSON, which Node.js sends; Python sends protobuf
 * @throws Error if it is no `ExportLogsServiceRequest`, or has too many parts
 */
export function logsOf(body: Uint8Array, json: boolean): Identified<WireLog>[] {
  if (json) checkJsonLimits(body);
  else checkProtobufLimits(body, LogRequest);
  const request = json
    ? logRequestOfJson(JSON.parse(Buffer.from(body).toString()))
    : LogRequest.fromBinary(body);
  const found: Identified<WireLog>[] = [];
  for (const { resource, scopeLogs } of request.resourceLogs) {
    const shared = attributesOf(resource?.attributes);
    for (const { scope, logRecords } of scopeLogs) {
      const scoped = attributesOf(scope?.attributes);
      if (scope) scope.attributes = withoutMarkers(scope.attributes);
      for (const wire of logRecords) {
        const identity = identityOf(attributesOf(wire.attributes), scoped, shared);
        wire.attributes = withoutMarkers(wire.attributes);
        found.push({ identity, wire, resource, scope });
      }
    }
  }
  return found;
}

/** By severity number, four numbers per level. */
const levels: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

const levelOf = (severity: number): LogLevel =>
  severity > 0 ? (levels[Math.floor((severity - 1) / 4)] ?? 'fatal') : 'unspecified';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function logRecordOf({ wire, scope }: Identified<WireLog>): LogRecord {
  const body = attributeValueOf(wire.body);
  const traceId = hex(wire.traceId);
  const spanId = hex(wire.spanId);
  return {
    at: secondsOf(wire.timeUnixNano || wire.observedTimeUnixNano),
    level: levelOf(wire.severityNumber),
    message: typeof body === 'string' ? body : body === null ? '' : JSON.stringify(body),
    scope: scope?.name ?? '',
    attributes: attributesOf(wire.attributes),
    ...(traceId && { traceId }),
    ...(spanId && { spanId }),
  };
}

const evaluationKinds: readonly string[] = ['evaluation', 'tag', 'outcome'] satisfies Evaluation['kind'][];

/** Adds a record to the batch as a conversation item, report, evaluation or log line. */
export function addLog(batch: SessionBatch, identified: Identified<WireLog>): void {
  const log = logRecordOf(identified);
  if (log.scope === 'chat_history' && log.message === 'chat item') {
    const item = chatItemOfLog(log.attributes['chat.item']);
    if (item) batch.items.push({ ...item, at: item.at ?? log.at });
  } else if (log.scope === 'chat_history' && log.message === 'session report') {
    batch.report = sessionReportOf(log.attributes, log.at);
  } else if (log.scope === 'evaluations' && evaluationKinds.includes(log.message)) {
    const kind = log.message as Evaluation['kind'];
    batch.evaluations.push({ kind, at: log.at, details: record(log.attributes[kind]) });
  } else {
    batch.logs.push(log);
  }
}

/** A record of an OTLP request with its session, resource and scope. */
export interface Identified<T> {
  identity: Identity;
  wire: T;
  resource?: Resource;
  scope?: Scope;
}

/** @throws Error if it is no `ExportTraceServiceRequest`, or has too many parts */
export function spansOf(body: Uint8Array): Identified<Span>[] {
  checkProtobufLimits(body, TraceRequest);
  const found: Identified<Span>[] = [];
  for (const { resource, scopeSpans } of TraceRequest.fromBinary(body).resourceSpans) {
    const shared = attributesOf(resource?.attributes);
    for (const { scope, spans } of scopeSpans) {
      for (const wire of spans) {
        const identity = identityOf(attributesOf(wire.attributes), shared);
        wire.attributes = withoutMarkers(wire.attributes);
        found.push({ identity, wire, resource, scope });
      }
    }
  }
  return found;
}

const statuses = ['unset', 'ok', 'error'] as const;

export function spanRecordOf(wire: Span): SpanRecord {
  const parentId = hex(wire.parentSpanId);
  return {
    traceId: hex(wire.traceId),
    spanId: hex(wire.spanId),
    ...(parentId && { parentId }),
    name: wire.name,
    start: secondsOf(wire.startTimeUnixNano),
    end: secondsOf(wire.endTimeUnixNano),
    attributes: attributesOf(wire.attributes),
    events: wire.events.map(({ name, timeUnixNano, attributes }) => ({
      name,
      at: secondsOf(timeUnixNano),
      attributes: attributesOf(attributes),
    })),
    status: statuses[wire.status?.code ?? 0] ?? 'unset',
    ...(wire.status?.message && { statusMessage: wire.status.message }),
  };
}

/** A data point of an instrument with its session. */
export interface IdentifiedPoint {
  identity: Identity;
  point: MetricPoint;
}

const delta = 1;

const numberPoint = ({ value }: NumberPoint) => ({
  value: value.case === undefined ? undefined : Number(value.value),
});
const histogramPoint = ({ count, sum, min, max }: HistogramPoint) => ({
  count: Number(count),
  sum,
  min,
  max,
});

/** @throws Error if it is no `ExportMetricsServiceRequest`, or has too many parts */
export function metricsOf(body: Uint8Array): IdentifiedPoint[] {
  checkProtobufLimits(body, MetricRequest);
  const found: IdentifiedPoint[] = [];
  for (const { resource, scopeMetrics } of MetricRequest.fromBinary(body).resourceMetrics) {
    const shared = attributesOf(resource?.attributes);
    for (const { name, unit, data } of scopeMetrics.flatMap(({ metrics }) => metrics)) {
      if (data.case === undefined) continue;
      for (const wire of data.value.dataPoints) {
        const attributes: Attributes = attributesOf(wire.attributes);
        found.push({
          identity: merged(identityOf(shared), identityOf(attributes)),
          point: {
            name,
            unit,
            at: secondsOf(wire.timeUnixNano),
            attributes,
            ...('count' in wire ? histogramPoint(wire) : numberPoint(wire)),
            delta: data.case !== 'gauge' && data.value.aggregationTemporality === delta,
          },
        });
      }
    }
  }
  return found;
}
