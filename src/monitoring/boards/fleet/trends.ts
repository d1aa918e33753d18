import { failedReasons } from '../../rules/slo.ts';
import { comparisonResult, firstSeen } from '../../rules/versions.ts';
import type { BoardContext } from '../panels/board.ts';
import { timeseries } from '../panels/charts.ts';
import type { PanelBuilder } from '../panels/panel.ts';
import {
  exemplars,
  noCalls,
  noTurns,
  percentileColours,
  percentiles,
  perMinute,
  recordedSeries,
  turnSegments,
} from '../panels/queries.ts';
import { table } from '../panels/table.ts';
import { comparisonTexts, segmentColours } from '../panels/thresholds.ts';

const e2e = 'lk_agents_turn_e2e_latency_seconds';

/** Trends over the time range. */
export function trends({ q, objectives: { turnLatency, sessionSuccess } }: BoardContext): PanelBuilder[] {
  const agent = { by: ['agent_name'] } as const;
  // In five minutes a small fleet ends a handful of sessions, and their share jumps.
  const sessions = { by: ['agent_name'], window: '30m' } as const;
  return [
    timeseries({
      title: 'Turn latency',
      description:
        'Percentiles over all agents. The dashed line is the objective of the p95. Dots are single turns; click one for its trace.',
      unit: 's',
      width: 8,
      empty: noTurns,
      limit: turnLatency.seconds,
      colours: percentileColours,
      next: 'latency',
      targets: [...percentiles(q, e2e), exemplars(q, e2e)],
    }),
    timeseries({
      title: 'p95 by agent',
      description:
        'Which agent is slow, and since when? The dashed line is the objective; dashed marks in blue are deploys.',
      unit: 's',
      width: 8,
      empty: noTurns,
      limit: turnLatency.seconds,
      next: 'latency',
      targets: [{ expr: q.quantile(0.95, e2e, agent), legend: '{{agent_name}}' }],
    }),
    timeseries({
      title: 'Where the time goes',
      description:
        'Mean seconds per turn, by what they were spent on; the parts sum to the mean turn. The one that grows is where to look: transcription, llm and tts are providers, endpointing is turn-taking.',
      unit: 's',
      width: 8,
      empty: noTurns,
      draw: 'stack',
      colours: segmentColours,
      legend: ['mean'],
      legendAt: 'right',
      next: 'latency',
      targets: turnSegments(q),
    }),
    timeseries({
      title: 'Sessions by agent',
      description:
        'How many calls run, by agent. A sharp drop is an outage, or a deployment that drains workers.',
      unit: 'short',
      decimals: 0,
      width: 8,
      height: 7,
      empty: 'No agent reports: is Prometheus scraping the workers?',
      draw: 'stack',
      next: 'workers',
      targets: [{ expr: q.gauge('lk_agents_sessions_active', agent), legend: '{{agent_name}}' }],
    }),
    timeseries({
      title: 'Calls and turns',
      description:
        'Calls that ended and turns, per minute. Turns that fall while calls go on are agents that do not answer.',
      unit: perMinute.unit,
      width: 8,
      height: 7,
      empty: noCalls,
      next: 'turn-taking',
      targets: [
        { expr: perMinute.of(q.rate('lk_agents_sessions_total')), legend: 'calls' },
        { expr: perMinute.of(q.rate('lk_agents_turns_total')), legend: 'turns' },
      ],
    }),
    timeseries({
      title: 'Failed sessions by agent',
      description:
        'Share of the sessions of half an hour that ended with an error or a crashed job. The dashed line is what the objective allows.',
      unit: 'percentunit',
      width: 8,
      height: 7,
      empty: noCalls,
      limit: Number((1 - sessionSuccess.ratio).toFixed(6)),
      next: 'sessions',
      targets: [
        {
          expr: q.share(
            ['lk_agents_sessions_total', { ...sessions, where: { close_reason: { re: failedReasons } } }],
            ['lk_agents_sessions_total', sessions],
          ),
          legend: '{{agent_name}}',
        },
      ],
    }),
  ];
}

/** Providers and deployments. */
export function providers({ q, objectives: { providerErrorRatio } }: BoardContext): PanelBuilder[] {
  const about = { by: ['model_provider'], window: '$__range' } as const;
  const failed = { ...about, where: { outcome: 'error' } } as const;
  const stt = { ...about, where: { component: 'stt' } } as const;
  /** One column over all kinds of models. */
  const kinds = (exprs: Readonly<Record<string, string>>) =>
    Object.entries(exprs)
      .map(([kind, expr]) => `label_replace(${expr}, "component", "${kind}", "", "")`)
      .join(' or ');
  const versions = { agent_name: { re: '$agent' }, agent_version: { re: '$version' } } as const;
  return [
    table({
      title: 'Providers',
      description:
        'Every provider by what it is used for, the one with most errors first. The last column is the time to the first token (LLM, realtime) or the first audio (TTS). If one is bad for all agents, it is the provider: see its status page, and switch to the fallback.',
      width: 13,
      height: 12,
      empty: 'No model was asked in this time range',
      keys: [
        {
          label: 'model_provider',
          title: 'Provider',
          width: 140,
          link: { board: 'models', variable: 'provider' },
        },
        { label: 'component', title: 'For', width: 100 },
      ],
      sortBy: 'Errors',
      columns: [
        {
          title: 'Requests',
          unit: 'locale',
          decimals: 0,
          expr: kinds({
            llm: q.increase('lk_agents_llm_requests_total', about),
            stt: q.increase('lk_agents_stt_requests_total', about),
            tts: q.increase('lk_agents_tts_requests_total', about),
            realtime: q.increase('lk_agents_realtime_requests_total', about),
          }),
        },
        {
          title: 'Errors',
          unit: 'percentunit',
          decimals: 1,
          limits: { warning: 0.5 * providerErrorRatio, bad: providerErrorRatio },
          expr: kinds({
            llm: q.share(['lk_agents_llm_requests_total', failed], ['lk_agents_llm_requests_total', about]),
            stt: q.share(['lk_agents_errors_total', stt], ['lk_agents_stt_requests_total', about]),
            tts: q.share(['lk_agents_tts_requests_total', failed], ['lk_agents_tts_requests_total', about]),
            realtime: q.share(
              ['lk_agents_realtime_requests_total', failed],
              ['lk_agents_realtime_requests_total', about],
            ),
          }),
        },
        {
          title: 'First output, p95',
          unit: 's',
          expr: kinds({
            llm: q.quantile(0.95, 'lk_agents_llm_ttft_seconds', about),
            tts: q.quantile(0.95, 'lk_agents_tts_ttfb_seconds', about),
            realtime: q.quantile(0.95, 'lk_agents_realtime_ttft_seconds', about),
          }),
        },
      ],
    }),
    table({
      title: 'Deploys',
      description:
        'The versions in service, the newest first, and how each does against the other versions of its agent in the last hour. Click an agent for its releases.',
      width: 11,
      height: 12,
      empty: 'Needs the recording rules',
      keys: [
        { label: 'agent_name', title: 'Agent', width: 120, link: { board: 'releases', variable: 'agent' } },
        { label: 'agent_version', title: 'Version' },
      ],
      sortBy: 'First seen',
      columns: [
        {
          title: 'First seen',
          unit: 'dateTimeFromNow',
          expr: `1000 * max by (agent_name, agent_version) (${recordedSeries(firstSeen, versions)})`,
        },
        {
          title: 'Sessions now',
          unit: 'short',
          decimals: 0,
          expr: q.gauge('lk_agents_sessions_active', { by: ['agent_name', 'agent_version'] }),
        },
        {
          title: 'Verdict',
          unit: 'short',
          expr: `max by (agent_name, agent_version) (${recordedSeries(comparisonResult, versions)})`,
          wording: comparisonTexts,
        },
      ],
    }),
  ];
}
