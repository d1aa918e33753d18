import { baseline, measures } from '../baselines.ts';
import type { AlertRule, RuleContext } from '../rule.ts';
import { baselineText } from './templates.ts';

/** How many times its past a cost may be. */
const maxFactor = 2;

/** US dollars in an hour below which a cost is not alerted. */
const minSpend = 1;

/** By how many tokens a request has to be longer. */
const moreTokens = 500;

/** What the share of cached tokens may fall to of its past, and by how much it has to be less. */
const drop = { factor: 0.5, share: 0.2 };

const llm = ['agent_name', 'model_provider', 'model_name'] as const;
const agent = { agent: '{{ $labels.agent_name }}' };
const model = {
  ...agent,
  provider: '{{ $labels.model_provider }}',
  model: '{{ $labels.model_name }}',
};

/** Cost that is higher than expected, or not counted. */
export function cost({ q, objectives: { costPerMinute } }: RuleContext): AlertRule[] {
  const spent = `${q.increase('lk_agents_cost_usd_total', { by: ['agent_name'], window: '1h' })} >= ${minSpend}`;
  const costly = {
    alert: 'LiveKitAgentCostRunaway',
    for: '10m',
    severity: 'warning',
    category: 'cost',
    board: { name: 'cost', variables: agent },
  } as const;
  return [
    {
      ...costly,
      expr: `${measures.costPerMinute} > ${maxFactor} * ${baseline('costPerMinute')} and on (agent_name) ${spent}`,
      labels: { limit: 'usual' },
      summary: `{{ $labels.agent_name }}: a minute costs {{ $value | printf "%.3f" }} $; the 7-day median is ${baselineText('costPerMinute', ['agent_name'], 'printf "%.3f"')} $`,
      description:
        'The cost of a minute of session, over the last hour, is more than twice the median of the last seven days, and at least ' +
        `${minSpend} $ was spent in the hour.`,
    },
    ...(costPerMinute === undefined
      ? []
      : [
          {
            ...costly,
            expr: `${measures.costPerMinute} > ${costPerMinute} and on (agent_name) ${spent}`,
            objectives: ['costPerMinute'] as const,
            labels: { limit: 'objective' },
            summary: '{{ $labels.agent_name }}: a minute costs {{ $value | printf "%.3f" }} $',
            description:
              `The cost of a minute of session, over the last hour; at most ${costPerMinute} $ is the objective. At least ` +
              `${minSpend} $ was spent in the hour.`,
          },
        ]),
    {
      alert: 'LiveKitAgentTokenRunaway',
      expr:
        `${measures.tokensPerRequest} > ${maxFactor} * ${baseline('tokensPerRequest')} ` +
        `and ${measures.tokensPerRequest} - ${baseline('tokensPerRequest')} > ${moreTokens}`,
      for: '15m',
      severity: 'warning',
      category: 'cost',
      summary: `{{ $labels.agent_name }}: {{ $value | printf "%.0f" }} tokens for each request to {{ $labels.model_provider }}/{{ $labels.model_name }}; the 7-day median is ${baselineText('tokensPerRequest', llm, 'printf "%.0f"')}`,
      description:
        'Tokens in and out of an LLM request, over the last hour, are more than twice, and 500 above, the median of the last seven days.',
      board: { name: 'cost', variables: model },
    },
    {
      alert: 'LiveKitAgentCacheHitDrop',
      expr:
        `${measures.cacheHits} < ${drop.factor} * ${baseline('cacheHits')} ` +
        `and ${baseline('cacheHits')} - ${measures.cacheHits} > ${drop.share}`,
      for: '30m',
      severity: 'warning',
      category: 'cost',
      summary: `{{ $labels.agent_name }}: {{ $value | humanizePercentage }} of the input tokens of {{ $labels.model_provider }}/{{ $labels.model_name }} came from the cache; the 7-day median is ${baselineText('cacheHits', llm, 'humanizePercentage')}`,
      description:
        'The share of cached input tokens, over the last hour, is less than half, and 20 points below, the median of the last seven ' +
        'days: prompts cost more and take longer to process.',
      board: { name: 'cost', variables: model },
    },
    {
      alert: 'LiveKitAgentUsageUnpriced',
      expr: `${q.increase('lk_agents_cost_unpriced_usage_total', { by: ['component', 'model_provider', 'model_name', 'unit'], window: '1h' })} > 0`,
      for: '10m',
      severity: 'info',
      category: 'cost',
      summary:
        '{{ $labels.component }} {{ $labels.model_provider }}/{{ $labels.model_name }}: no price for {{ $value | humanize }} {{ $labels.unit }} in the last hour',
      description:
        'Usage without a price is not included in the cost. Actual spend is higher than the dashboards show.',
      board: {
        name: 'cost',
        variables: { provider: '{{ $labels.model_provider }}', model: '{{ $labels.model_name }}' },
      },
    },
  ];
}
