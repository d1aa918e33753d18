import { isAdapter } from '../../private-apis/readers.ts';
import { type Attributes, flag, number, parsed, record, text } from './attribute-value.ts';
import type { SpanRecord } from './records.ts';
import { requestMetrics } from './request-metrics.ts';
import type { UsageEntry } from './session-report.ts';

interface Model {
  provider?: string;
  model?: string;
}

/** What a span of either SDK contains, in seconds. Talkgauge reads nothing of other spans. */
export type SpanFacts =
  | { of: 'agent_session' }
  /** Only Python has it. */
  | { of: 'session_close'; closeReason?: string }
  | {
      of: 'user_turn';
      transcript?: string;
      confidence?: number;
      transcriptionDelay?: number;
      endOfTurnDelay?: number;
      onUserTurnCompletedDelay?: number;
    }
  | {
      of: 'agent_turn';
      speechId?: string;
      interrupted?: boolean;
      e2eLatency?: number;
      response?: string;
    }
  | ({ of: 'llm_node'; ttft?: number } & Model)
  | ({ of: 'tts_node'; ttfb?: number } & Model)
  | ({ of: 'llm_request'; request: RequestFigures } & Model)
  | ({ of: 'tts_request'; request: RequestFigures } & Model)
  | ({ of: 'realtime'; request: RequestFigures } & Model)
  | {
      of: 'function_tool';
      tool?: string;
      callId?: string;
      isError: boolean;
      duration: number;
      arguments?: string;
      output?: string;
    }
  | {
      of: 'eou_detection';
      probability?: number;
      threshold?: number;
      endpointingDelay?: number;
      detectionDelay?: number;
    }
  | {
      of: 'user_speaking';
      isInterruption?: boolean;
      totalDuration?: number;
      predictionDuration?: number;
      detectionDelay?: number;
    };

/** What `lk.llm_metrics`, `lk.tts_metrics` and `lk.realtime_model_metrics` say; durations in seconds. */
export interface RequestFigures {
  requestId?: string;
  /** Time to the first token, or to the first byte of audio; undefined if none came. */
  first?: number;
  duration?: number;
  cancelled?: boolean;
  inputTokens?: number;
  cachedTokens?: number;
  outputTokens?: number;
  tokensPerSecond?: number;
  characters?: number;
  audioDuration?: number;
}

/** `parts` of a second that a field counts in. */
const scaled = (value: number | undefined, parts: number): number | undefined =>
  value === undefined ? undefined : value / parts;

/** -1 stands for "never". */
const latency = (value: number | undefined): number | undefined =>
  value === undefined || value < 0 ? undefined : value;

function figures(metrics: Attributes): RequestFigures {
  return {
    requestId: text(metrics.requestId),
    first: latency(number(metrics.ttft)) ?? latency(number(metrics.ttfb)),
    duration: latency(number(metrics.duration)),
    cancelled: flag(metrics.cancelled),
    inputTokens: number(metrics.promptTokens) ?? number(metrics.inputTokens),
    cachedTokens: number(metrics.promptCachedTokens),
    outputTokens: number(metrics.completionTokens) ?? number(metrics.outputTokens),
    tokensPerSecond: number(metrics.tokensPerSecond),
    characters: number(metrics.charactersCount),
    audioDuration: latency(number(metrics.audioDuration)),
  };
}

function modelOf(attributes: Attributes, metrics: Attributes = {}): Model {
  const metadata = record(metrics.metadata);
  return {
    provider: text(metadata.modelProvider) ?? text(attributes['gen_ai.provider.name']),
    model: text(metadata.modelName) ?? text(attributes['gen_ai.request.model']),
  };
}

/** @param language `nodejs` or `python`: whose units hold where they name a field alike; Node.js if it is not known */
export function factsOf(
  { name, start, end, attributes: a }: SpanRecord,
  language?: string,
): SpanFacts | undefined {
  // Fields that Node.js sends in milliseconds and Python in seconds, under one name.
  const parts = language === 'python' ? 1 : 1000;
  const seconds = (key: string) => number(a[key]);
  const mixed = (key: string) => scaled(number(a[key]), parts);
  switch (name) {
    case 'agent_session':
      return { of: name };
    case 'session_close':
      return { of: name, closeReason: text(a['lk.close_reason']) };
    case 'user_turn':
      return {
        of: name,
        transcript: text(a['lk.pii.user_transcript'] ?? a['lk.user_transcript']),
        confidence: number(a['lk.transcript_confidence']),
        transcriptionDelay: mixed('lk.transcription_delay'),
        endOfTurnDelay: mixed('lk.end_of_turn_delay'),
        onUserTurnCompletedDelay: mixed('lk.on_user_turn_completed_delay'),
      };
    case 'agent_turn':
      return {
        of: name,
        speechId: text(a['lk.speech_id']),
        interrupted: flag(a['lk.interrupted']),
        e2eLatency: latency(seconds('lk.e2e_latency')),
        response: text(a['lk.pii.response.text'] ?? a['lk.response.text']),
      };
    case 'llm_node':
      return { of: name, ttft: latency(seconds('lk.response.ttft')), ...modelOf(a) };
    case 'tts_node':
      return { of: name, ttfb: latency(seconds('lk.response.ttfb')), ...modelOf(a) };
    case 'llm_request':
    case 'tts_request': {
      const metrics = requestMetrics(a[name === 'llm_request' ? 'lk.llm_metrics' : 'lk.tts_metrics']);
      return { of: name, request: figures(metrics), ...modelOf(a, metrics) };
    }
    case 'function_tool':
      return {
        of: name,
        tool: text(a['lk.function_tool.name'] ?? a['gen_ai.tool.name']),
        callId: text(a['gen_ai.tool.call.id'] ?? a['lk.function_tool.id']),
        isError: flag(a['lk.function_tool.is_error']) ?? a['error.type'] !== undefined,
        duration: Math.max(0, end - start),
        arguments: text(a['lk.pii.function_tool.arguments']),
        output: text(a['lk.pii.function_tool.output']),
      };
    case 'eou_detection':
      return {
        of: name,
        probability: number(a['lk.eou.probability']),
        threshold: number(a['lk.eou.unlikely_threshold']),
        endpointingDelay: mixed('lk.eou.endpointing_delay'),
        detectionDelay: mixed('lk.eou.detection_delay'),
      };
    case 'user_speaking':
      return {
        of: name,
        isInterruption: flag(a['lk.is_interruption']),
        totalDuration: seconds('lk.interruption.total_duration'),
        predictionDuration: seconds('lk.interruption.prediction_duration'),
        detectionDelay: seconds('lk.interruption.detection_delay'),
      };
    default: {
      // Node.js has a separate span for it, Python puts it on agent_turn.
      if (a['lk.realtime_model_metrics'] === undefined) return undefined;
      const metrics = requestMetrics(a['lk.realtime_model_metrics']);
      return { of: 'realtime', request: figures(metrics), ...modelOf(a, metrics) };
    }
  }
}

/** Who reported the requests to a model: the model itself at least once, or only an adapter around others. */
export type UsageReporters = Readonly<Record<string, 'model' | 'adapter'>>;

const kinds: Readonly<Record<string, { component: UsageEntry['component']; attribute: string }>> = {
  llm_request: { component: 'llm', attribute: 'lk.llm_metrics' },
  tts_request: { component: 'tts', attribute: 'lk.tts_metrics' },
};

/** A session has a handful; more names come from a tracer of the user's own. */
const maxUsageReporters = 64;

const keyOf = ({ component, provider, model }: Omit<UsageEntry, 'amounts'>): string =>
  `${component} ${provider} ${model}`;

/** What is known with one more span; the same object if that is nothing new. */
export function withUsageReporter(
  known: UsageReporters = {},
  { name, attributes }: SpanRecord,
): UsageReporters {
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  const metrics = kind && parsed(attributes[kind.attribute]);
  if (!kind || !metrics || metrics.type === undefined) return known;
  const metadata = record(metrics.metadata);
  const key = keyOf({
    component: kind.component,
    provider: text(metadata.modelProvider ?? metadata.model_provider) ?? 'unknown',
    model: text(metadata.modelName ?? metadata.model_name) ?? 'unknown',
  });
  const reporter = isAdapter(text(metrics.label) ?? '') ? 'adapter' : 'model';
  if (known[key] === 'model' || known[key] === reporter) return known;
  if (known[key] === undefined && Object.keys(known).length >= maxUsageReporters) return known;
  return { ...known, [key]: reporter };
}

/** A report counts usage of a fallback adapter, and the same usage again for the models behind it. */
export const isDuplicateUsage = (entry: UsageEntry, usageReporters: UsageReporters = {}): boolean =>
  usageReporters[keyOf(entry)] === 'adapter';
