import { conversation } from '../../catalogue/buckets.ts';
import { segments } from '../../catalogue/labels.ts';
import type { MetricName } from '../../catalogue/metrics.ts';
import { type HistoryAgent, lognormalShare, type Quality } from './scenario.ts';

/** A series of a worker, without the labels of its target and identity. */
export interface Measure {
  /** As it is exposed, with the labels of its own. */
  series: string;
  /** By how much a counter grows with each turn. */
  perTurn(quality: Quality): number;
  /** Digits after the point; counts have none. */
  digits: 0 | 2;
}

/** Turns of a session, tool calls of a turn, tokens of a request: what the volume of everything else follows from. */
const perTurn = { sessions: 1 / 8, toolCalls: 0.3, inputTokens: 1800, cachedTokens: 900, outputTokens: 60 };

/** Of a turn's latency: what each segment takes. Time that is lost is lost in the LLM. */
const shares = {
  transcription: 0.15,
  endpointing: 0.2,
  user_hook: 0.02,
  tools: 0.05,
  tts: 0.15,
  unattributed: 0.05,
} as const;

const text = (name: string, labels: Record<string, string>): string =>
  `${name}{${Object.entries(labels)
    .map(([label, value]) => `${label}="${value}"`)
    .join(',')}`;

const mean = ({ median, sigma }: Quality): number => median * Math.exp(sigma ** 2 / 2);

/** The LLM's part: what is left of a mean turn when the parts that do not change are taken away. */
const llmShare = (quality: Quality, usual: Quality): number =>
  mean(quality) - mean(usual) * Object.values(shares).reduce((sum, share) => sum + share, 0);

/** All that a worker counts, as multiples of its turns; so every ratio in the history is known beforehand. */
export function measures(agent: HistoryAgent): Measure[] {
  const { model, quality: usual } = agent;
  const counter = (
    name: MetricName,
    labels: Record<string, string>,
    of: (quality: Quality) => number,
    digits: 0 | 2 = 0,
  ): Measure => ({ series: text(name, labels), perTurn: of, digits });
  const histogram = (
    name: MetricName,
    labels: Record<string, string>,
    of: (quality: Quality) => Quality,
  ): Measure[] => [
    ...conversation.map((bound) =>
      counter(`${name}_bucket` as MetricName, { ...labels, le: edge(bound) }, (quality) => {
        const { median, sigma } = of(quality);
        return lognormalShare(bound, median, sigma);
      }),
    ),
    counter(`${name}_bucket` as MetricName, { ...labels, le: '+Inf' }, () => 1),
    counter(`${name}_count` as MetricName, labels, () => 1),
    counter(`${name}_sum` as MetricName, labels, (quality) => mean(of(quality)), 2),
  ];
  return [
    ...histogram('lk_agents_turn_e2e_latency_seconds', model, (quality) => quality),
    ...histogram('lk_agents_llm_ttft_seconds', model, (quality) => ({
      ...quality,
      median: Math.max(llmShare(quality, usual), 0.05) / Math.exp(quality.sigma ** 2 / 2),
    })),
    ...segments.map((segment) =>
      counter(
        'lk_agents_turn_segment_seconds_total',
        { segment },
        (quality) => (segment === 'llm' ? llmShare(quality, usual) : shares[segment] * mean(usual)),
        2,
      ),
    ),
    counter('lk_agents_turns_total', { outcome: 'completed', tools: 'yes' }, () => 0.25),
    counter('lk_agents_turns_total', { outcome: 'completed', tools: 'no' }, () => 0.67),
    counter('lk_agents_turns_total', { outcome: 'interrupted', tools: 'no' }, () => 0.07),
    counter('lk_agents_turns_total', { outcome: 'unanswered', tools: 'no' }, () => 0.01),
    counter(
      'lk_agents_sessions_total',
      { close_reason: 'participant_disconnected' },
      ({ sessionErrors }) => perTurn.sessions * (1 - sessionErrors),
    ),
    counter(
      'lk_agents_sessions_total',
      { close_reason: 'error' },
      ({ sessionErrors }) => perTurn.sessions * sessionErrors,
    ),
    counter(
      'lk_agents_tool_calls_total',
      { tool: 'search', outcome: 'ok' },
      ({ toolErrors }) => perTurn.toolCalls * (1 - toolErrors),
    ),
    counter(
      'lk_agents_tool_calls_total',
      { tool: 'search', outcome: 'error' },
      ({ toolErrors }) => perTurn.toolCalls * toolErrors,
    ),
    counter('lk_agents_llm_requests_total', { ...model, outcome: 'ok' }, () => 1),
    counter('lk_agents_llm_requests_total', { ...model, outcome: 'error' }, () => 0.002),
    counter('lk_agents_usage_llm_input_tokens_total', model, () => perTurn.inputTokens),
    counter('lk_agents_usage_llm_input_cached_tokens_total', model, () => perTurn.cachedTokens),
    counter('lk_agents_usage_llm_output_tokens_total', model, () => perTurn.outputTokens),
    counter('lk_agents_agent_state_seconds_total', { state: 'listening' }, () => 6, 2),
    counter('lk_agents_agent_state_seconds_total', { state: 'thinking' }, (quality) => mean(quality), 2),
    counter('lk_agents_agent_state_seconds_total', { state: 'speaking' }, () => 5, 2),
  ];
}

/** A bound as OpenMetrics writes it. */
const edge = (bound: number): string => (Number.isInteger(bound) ? `${bound}.0` : `${bound}`);
