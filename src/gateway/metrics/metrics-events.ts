import type { MetricsEvent } from '../../session/events.ts';
import { type AttributeValue, flag, number, parsed, text } from '../decode/attribute-value.ts';
import type { SpanRecord } from '../decode/records.ts';
import { requestMetrics } from '../decode/request-metrics.ts';
import type { UsageEntry } from '../decode/session-report.ts';
import { factsOf } from '../decode/span-facts.ts';
import type { SpanTree } from '../decode/span-tree.ts';
import { type EventTimeline, realtimeMetrics, type UploadedSession } from './uploaded-session.ts';

const kinds = {
  llm_request: { attribute: 'lk.llm_metrics', type: 'llm_metrics' },
  tts_request: { attribute: 'lk.tts_metrics', type: 'tts_metrics' },
} as const;

/** Adds the metrics events of requests to models, and the errors. */
export function addRequests(
  timeline: EventTimeline,
  tree: SpanTree<SpanRecord>,
  { language }: UploadedSession,
): MetricsEvent[] {
  const found: MetricsEvent[] = [];
  const add = (metrics: MetricsEvent | undefined, at: number) => {
    if (!metrics) return;
    found.push(metrics);
    timeline.add('metrics_collected', at, 'measured', { metrics });
  };
  for (const [name, { attribute, type }] of Object.entries(kinds)) {
    for (const span of tree.named(name)) {
      add(metricsEventOf(span.attributes[attribute], type, span.end, speechOf(tree, span)), span.end);
      addErrors(timeline, tree, span, language === 'python');
    }
  }
  for (const span of tree.all) {
    if (span.attributes[realtimeMetrics] === undefined) continue;
    add(
      metricsEventOf(span.attributes[realtimeMetrics], 'realtime_model_metrics', span.end, undefined),
      span.end,
    );
  }
  return found;
}

const speechOf = (tree: SpanTree<SpanRecord>, span: SpanRecord): string | undefined =>
  text(tree.ancestor(span, 'agent_turn')?.attributes['lk.speech_id']);

/**
 * Each attempt at a request is a span; one that failed was reported as an error. All but the last one were recoverable,
 * which the JavaScript SDK reports only for LLMs. The session does not receive events of requests behind a fallback
 * adapter.
 */
function addErrors(
  timeline: EventTimeline,
  tree: SpanTree<SpanRecord>,
  request: SpanRecord,
  isPython: boolean,
): void {
  if (tree.ancestor(request, request.name)) return;
  const attempts = tree.childrenNamed(request, `${request.name}_run`);
  const metrics = parsed(
    request.attributes[request.name === 'llm_request' ? 'lk.llm_metrics' : 'lk.tts_metrics'],
  );
  const { attributes } = request;
  for (const [index, attempt] of attempts.entries()) {
    if (attempt.status !== 'error') continue;
    const recoverable = index < attempts.length - 1;
    if (recoverable && !isPython && request.name === 'tts_request') continue;
    const provider =
      text(attributes['gen_ai.provider.name']) ?? text(attempt.attributes['gen_ai.provider.name']);
    const model =
      text(attributes['gen_ai.request.model']) ?? text(attempt.attributes['gen_ai.request.model']);
    const label = text(metrics.label) ?? text(attributes['lk.tts.label']) ?? `${provider} ${model}`;
    timeline.add('error', attempt.end, 'failed', {
      error: {
        type: request.name === 'llm_request' ? 'llm_error' : 'tts_error',
        label,
        recoverable,
        timestamp: attempt.end,
      },
      source: { provider, model },
    });
  }
}

/**
 * The metrics event that an SDK wrote on a span, as JSON.
 *
 * @param endedAt unix seconds at which the span ended
 * @param speechId the speech of the span: the event does not contain it yet when it is written
 */
export function metricsEventOf(
  json: AttributeValue | undefined,
  type: MetricsEvent['type'],
  endedAt: number,
  speechId: string | undefined,
): MetricsEvent | undefined {
  const metrics = requestMetrics(json);
  if (metrics.type !== type) return undefined;
  return {
    ...metrics,
    label: text(metrics.label) ?? '',
    requestId: text(metrics.requestId) ?? '',
    timestamp: number(metrics.timestamp) ?? endedAt,
    ...(speechId !== undefined && { speechId }),
  } as unknown as MetricsEvent;
}

/** Results of the end-of-turn and interruption detectors, read from spans. */
export function addDetectors(
  timeline: EventTimeline,
  tree: SpanTree<SpanRecord>,
  { language, report }: UploadedSession,
): void {
  const metadataOf = (component: UsageEntry['component']) => {
    const entry = report?.usage.find((used) => used.component === component);
    return entry && { modelProvider: entry.provider, modelName: entry.model };
  };
  for (const span of tree.named('eou_detection')) {
    const facts = factsOf(span, language);
    if (facts?.of !== 'eou_detection') continue;
    const { probability, threshold, detectionDelay } = facts;
    // The SDK repeats a cached result while the user stays silent.
    if (probability === undefined || threshold === undefined || flag(span.attributes['lk.eou.from_cache']))
      continue;
    timeline.add('eot_prediction', span.end, 'detected', { probability, threshold });
    if (detectionDelay === undefined) continue;
    addMetrics(timeline, span.end, {
      type: 'eot_inference_metrics',
      detectionDelay,
      metadata: metadataOf('eot'),
    });
  }
  for (const { end, attributes } of tree.named('user_speaking')) {
    const isInterruption = flag(attributes['lk.is_interruption']);
    if (isInterruption === undefined) continue;
    timeline.add('overlapping_speech', end, 'detected', { isInterruption });
    const duration = (of: string) => number(attributes[`lk.interruption.${of}`]);
    const totalDuration = duration('total_duration');
    // It was cancelled before the request.
    if (!totalDuration) continue;
    addMetrics(timeline, end, {
      type: 'interruption_metrics',
      totalDuration,
      predictionDuration: duration('prediction_duration'),
      detectionDelay: duration('detection_delay'),
      numInterruptions: isInterruption ? 1 : 0,
      numBackchannels: isInterruption ? 0 : 1,
      metadata: metadataOf('interruption'),
    });
  }
}

/** Only the report has the number of requests. */
function addMetrics(timeline: EventTimeline, at: number, metrics: object): void {
  timeline.add('metrics_collected', at, 'detected', {
    metrics: { timestamp: at, ...metrics } as unknown as MetricsEvent,
  });
}
