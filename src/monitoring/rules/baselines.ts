import type { RecordingRule, RuleContext, RuleGroup } from './rule.ts';

/** The measures with a baseline: each is recorded, and so is its median over seven days. */
export const measures = {
  turnLatency: 'agent:lk_agents_turn_e2e_latency_seconds:p95_30m',
  component: 'component:lk_agents_latency_seconds:p95_30m',
  interruptions: 'agent:lk_agents_turns_interrupted:ratio_1h',
  costPerMinute: 'agent:lk_agents_cost_usd:per_session_minute_1h',
  tokensPerRequest: 'agent:lk_agents_llm_tokens:per_request_1h',
  cacheHits: 'agent:lk_agents_llm_cached_tokens:ratio_1h',
} as const;

export type Measure = keyof typeof measures;

/** The median of a measure over the seven days that ended an hour ago, so that a change does not become its own past. */
export const baseline = (measure: Measure): string => `${measures[measure]}:median_7d`;

/** Samples of a measure (one a minute) below which it has no past: a fresh installation warns of no change. */
const minBaselineSamples = 360;

/** Turns or requests below which a measure says nothing. */
const enoughTurns = 20;
const enoughRequests = 20;
const enoughMinutes = 10;
/** The same for a p95, of which five in a hundred samples are above: one bad turn of 20 would be all of it. */
const enoughForP95 = 100;

/** Baselines of what may creep up: turn latency, each model's latency, interruptions, cost and tokens. */
export function baselines({ q }: RuleContext): RuleGroup<RecordingRule>[] {
  const agent = { by: ['agent_name'], window: '30m' } as const;
  const hour = { by: ['agent_name'], window: '1h' } as const;
  const model = { by: ['model_provider', 'model_name'], window: '30m' } as const;
  const llm = { by: ['agent_name', 'model_provider', 'model_name'], window: '1h' } as const;
  const latency = (
    component: string,
    metric: 'lk_agents_llm_ttft_seconds' | 'lk_agents_tts_ttfb_seconds' | 'lk_agents_realtime_ttft_seconds',
  ): RecordingRule => ({
    record: measures.component,
    expr: `(${q.quantile(0.95, metric, model)}) and ${q.count(metric, model)} >= ${enoughForP95}`,
    labels: { component },
  });
  const sessionMinutes = `(${q.increase('lk_agents_agent_state_seconds_total', hour)}) / 60`;
  const requests = q.increase('lk_agents_llm_requests_total', llm);
  const input = q.increase('lk_agents_usage_llm_input_tokens_total', llm);
  const output = q.increase('lk_agents_usage_llm_output_tokens_total', llm);
  const now: RecordingRule[] = [
    {
      record: measures.turnLatency,
      expr: `(${q.quantile(0.95, 'lk_agents_turn_e2e_latency_seconds', agent)}) and ${q.count('lk_agents_turn_e2e_latency_seconds', agent)} >= ${enoughForP95}`,
    },
    latency('llm', 'lk_agents_llm_ttft_seconds'),
    latency('tts', 'lk_agents_tts_ttfb_seconds'),
    latency('realtime', 'lk_agents_realtime_ttft_seconds'),
    {
      // The SDK does not report the STT of a transcription delay, so that it is grouped by agent.
      record: measures.component,
      expr: `(${q.quantile(0.95, 'lk_agents_turn_transcription_delay_seconds', agent)}) and ${q.count('lk_agents_turn_transcription_delay_seconds', agent)} >= ${enoughForP95}`,
      labels: { component: 'stt' },
    },
    {
      record: measures.interruptions,
      expr: `(${q.share(
        ['lk_agents_turns_total', { ...hour, where: { outcome: 'interrupted' } }],
        ['lk_agents_turns_total', hour],
      )}) and ${q.increase('lk_agents_turns_total', hour)} >= ${enoughTurns}`,
    },
    {
      record: measures.costPerMinute,
      expr: `(${q.increase('lk_agents_cost_usd_total', hour)}) / (${sessionMinutes} >= ${enoughMinutes})`,
    },
    {
      record: measures.tokensPerRequest,
      expr: `((${input}) + (${output})) / ((${requests}) >= ${enoughRequests})`,
    },
    {
      record: measures.cacheHits,
      expr: `(${q.share(['lk_agents_usage_llm_input_cached_tokens_total', llm], ['lk_agents_usage_llm_input_tokens_total', llm])}) and (${requests}) >= ${enoughRequests}`,
    },
  ];
  const past = (Object.keys(measures) as Measure[]).map((measure) => ({
    record: baseline(measure),
    expr:
      `quantile_over_time(0.5, ${measures[measure]}[7d] offset 1h) ` +
      `and count_over_time(${measures[measure]}[7d] offset 1h) >= ${minBaselineSamples}`,
  }));
  return [
    { name: 'talkgauge-measures', interval: '1m', rules: now },
    // Prometheus looks back five minutes for a sample: an evaluation may be late or missing without an alert starting anew.
    { name: 'talkgauge-baselines', interval: '2m', rules: past },
  ];
}
