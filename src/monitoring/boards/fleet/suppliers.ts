import { firstSeen, verdict } from '../../rules/version-verdicts.ts';
import type { BoardContext } from '../house/board.ts';
import { derived } from '../house/derived.ts';
import type { PanelBuilder } from '../house/panel.ts';
import { table } from '../house/table.ts';
import { verdictWords } from '../house/verdicts.ts';

/** What agents are made of: other people's models, and your own releases. */
export function suppliers({ q, objectives: { providerErrorRatio } }: BoardContext): PanelBuilder[] {
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
          expr: `1000 * max by (agent_name, agent_version) (${derived(firstSeen, versions)})`,
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
          expr: `max by (agent_name, agent_version) (${derived(verdict, versions)})`,
          wording: verdictWords,
        },
      ],
    }),
  ];
}
