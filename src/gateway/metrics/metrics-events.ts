import { parsed, text } from '../decode/attribute-value.ts';
import type { SpanRecord } from '../decode/records.ts';
import { type SdkMetrics, sdkMetricsOf } from './metrics-json.ts';
import type { Timeline } from './timeline.ts';
import type { Tree } from './tree.ts';
import { realtimeMetrics, type Told } from './uploaded-session.ts';

const kinds = {
  llm_request: { attribute: 'lk.llm_metrics', type: 'llm_metrics' },
  tts_request: { attribute: 'lk.tts_metrics', type: 'tts_metrics' },
} as const;

/** What the session's metrics events said of its requests to models, and its errors. */
export function addRequests(timeline: Timeline, tree: Tree, { language }: Told): SdkMetrics[] {
  const told: SdkMetrics[] = [];
  const add = (metrics: SdkMetrics | undefined, at: number) => {
    if (!metrics) return;
    told.push(metrics);
    timeline.add('metrics_collected', at, 'measured', { metrics });
  };
  for (const [name, { attribute, type }] of Object.entries(kinds)) {
    for (const span of tree.named(name)) {
      add(sdkMetricsOf(span.attributes[attribute], type, span.end, speechOf(tree, span)), span.end);
      addErrors(timeline, tree, span, language === 'python');
    }
  }
  for (const span of tree.all()) {
    if (span.attributes[realtimeMetrics] === undefined) continue;
    add(
      sdkMetricsOf(span.attributes[realtimeMetrics], 'realtime_model_metrics', span.end, undefined),
      span.end,
    );
  }
  return told;
}

const speechOf = (tree: Tree, span: SpanRecord): string | undefined =>
  text(tree.around(span, 'agent_turn')?.attributes['lk.speech_id']);

/**
 * Each attempt at a request is a span; one that failed was reported as an error. All but the last one could be made again,
 * which the JavaScript SDK reports of LLMs only. Of a request behind a fallback adapter, the session hears nothing.
 */
function addErrors(timeline: Timeline, tree: Tree, request: SpanRecord, isPython: boolean): void {
  if (tree.around(request, request.name)) return;
  const attempts = tree.inside(request, `${request.name}_run`);
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
        timestamp: attempt.end * 1000,
      },
      source: { provider, model },
    });
  }
}
