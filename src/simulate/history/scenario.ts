import { conversation } from '../../catalogue/buckets.ts';
import { segments } from '../../catalogue/labels.ts';
import type { MetricName } from '../../catalogue/metrics.ts';

/** A period of the history, in hours before its end. */
export interface Period {
  from: number;
  to: number;
}

/** A deployed version, on a share of an agent's workers. */
export interface Release extends Period {
  version: string;
  /** The range of the agent's workers that run it. */
  workers: readonly [first: number, end: number];
}

/** Latency and error rates, during normal operation or during an incident. */
export interface Quality {
  /** Median of turn latency, in seconds; it is lognormal. */
  median: number;
  /** Sigma of the lognormal. */
  sigma: number;
  /** Share of the tool calls that fail. */
  toolErrors: number;
  /** Share of the sessions that end with an error. */
  sessionErrors: number;
}

export interface HistoryAgent {
  name: string;
  /** Its share of the workers, in percent. */
  share: number;
  model: { model_provider: string; model_name: string };
  quality: Quality;
  releases: readonly Release[];
}

/** An incident: its period, the affected agent, and its quality. */
export interface Incident extends Period {
  agent: string;
  /** The affected version. @default all */
  version?: string;
  quality: Partial<Quality>;
}

/** The history of a fleet. */
export interface Scenario {
  agents: readonly HistoryAgent[];
  incidents: Readonly<Record<string, Incident>>;
}

const always = { from: Number.POSITIVE_INFINITY, to: 0 };
const day = 24;

/** The bad canary: on a quarter of the workers, for six hours, four days ago. */
const canary = { from: 4 * day, to: 4 * day - 6 } as const;

/**
 * A quiet month with a deploy that changed nothing, a slow model one day, and a bad canary on another. 3 % of the turns of a
 * healthy agent take longer than 1.5 s: within an objective of 5 %.
 */
export const scenario: Scenario = {
  agents: [
    {
      name: 'front-desk',
      share: 40,
      model: { model_provider: 'openai', model_name: 'gpt-4o-mini' },
      quality: { median: 0.85, sigma: 0.3, toolErrors: 0.02, sessionErrors: 0.002 },
      releases: [
        { version: '2.3.1', from: Number.POSITIVE_INFINITY, to: 20 * day, workers: [0, 100] },
        { version: '2.4.0', from: 20 * day, to: canary.from, workers: [0, 25] },
        { version: '2.5.0', ...canary, workers: [0, 25] },
        { version: '2.4.0', from: canary.to, to: 0, workers: [0, 25] },
        { version: '2.4.0', from: 20 * day, to: 0, workers: [25, 100] },
      ],
    },
    {
      name: 'support',
      share: 30,
      model: { model_provider: 'anthropic', model_name: 'claude-haiku-4-5' },
      quality: { median: 0.8, sigma: 0.3, toolErrors: 0.03, sessionErrors: 0.003 },
      releases: [{ version: '1.9.2', ...always, workers: [0, 100] }],
    },
    {
      name: 'survey',
      share: 30,
      model: { model_provider: 'google', model_name: 'gemini-2.5-flash' },
      quality: { median: 0.75, sigma: 0.3, toolErrors: 0.02, sessionErrors: 0.002 },
      releases: [{ version: '0.9.0', ...always, workers: [0, 100] }],
    },
  ],
  incidents: {
    'slow model': { agent: 'support', from: 12 * day, to: 12 * day - 8, quality: { median: 1.35 } },
    'bad canary': {
      agent: 'front-desk',
      version: '2.5.0',
      ...canary,
      quality: { median: 1.9, toolErrors: 0.5, sessionErrors: 0.08 },
    },
  },
};

/** Whether a moment, in hours before the end, is within a period. */
export const within = ({ from, to }: Period, hours: number): boolean => hours <= from && hours > to;

/** The quality of a version of an agent at a moment, in hours before the end. */
export function qualityAt(
  { incidents }: Scenario,
  agent: HistoryAgent,
  version: string,
  hours: number,
): Quality {
  const bad = Object.values(incidents).filter(
    (incident) =>
      incident.agent === agent.name &&
      (incident.version === undefined || incident.version === version) &&
      within(incident, hours),
  );
  return Object.assign({ ...agent.quality }, ...bad.map(({ quality }) => quality)) as Quality;
}

/**
 * Turns per second of a worker: a daily rhythm between a tenth and the whole. A history always ends at its peak, so that
 * all histories are alike.
 */
export function turnRate(hoursBefore: number, peak = 0.05): number {
  return peak * (0.55 + 0.45 * Math.cos((hoursBefore / 12) * Math.PI));
}

/** The share of a lognormal at or below a value. */
export function lognormalShare(value: number, median: number, sigma: number): number {
  return normalShare(Math.log(value / median) / sigma);
}

/** Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.17; the error is below 7.5e-8. */
function normalShare(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const tail = ((((1.330274429 * t - 1.821255978) * t + 1.781477937) * t - 0.356563782) * t + 0.31938153) * t;
  const above = (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * tail;
  return x >= 0 ? 1 - above : above;
}

/** A series of a worker, without the labels of its target and identity. */
export interface Measure {
  /** The exposed series, with its own labels. */
  series: string;
  /** The increment of a counter per turn. */
  perTurn(quality: Quality): number;
  /** Decimal places; 0 for counts. */
  digits: 0 | 2;
}

/** Turns per session, tool calls per turn, tokens per request: all other volumes follow from these. */
const perTurn = { sessions: 1 / 8, toolCalls: 0.3, inputTokens: 1800, cachedTokens: 900, outputTokens: 60 };

/** The share of each segment in a turn's latency. Added latency is added to the LLM. */
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

/** The LLM's share: the mean turn minus the constant segments. */
const llmShare = (quality: Quality, usual: Quality): number =>
  mean(quality) - mean(usual) * Object.values(shares).reduce((sum, share) => sum + share, 0);

/** All counters of a worker, as multiples of its turns, so that every ratio in the history is known beforehand. */
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

/** A bucket bound in the format of OpenMetrics. */
const edge = (bound: number): string => (Number.isInteger(bound) ? `${bound}.0` : `${bound}`);
