import { matchers, selector } from '../promql/series.ts';
import { baseline, measures } from '../rules/baselines.ts';
import { present } from '../rules/versions.ts';
import { costTotal, noPricedUsageInRange, perRequest, usageRows } from './cost/usage.ts';
import type { BoardContext, BoardSpec, Row } from './panels/board.ts';
import { stat, timeseries } from './panels/charts.ts';
import { table } from './panels/table.ts';

/** The cost board. */
export const cost: BoardSpec = {
  name: 'cost',
  description: 'What do calls cost, what do we pay for, and is it more than usual?',
  filters: ['provider', 'model'],
  from: 'now-7d',
  rows: (context) => [...spendRows(context), ...priceRows(context), ...usageRows(context)],
};

/** The most expensive agents and models, and usage without a price. */
function priceRows({ q }: BoardContext): Row[] {
  const version = { by: ['agent_name', 'agent_version'], window: '$__range' } as const;
  const model = { by: ['component', 'model_provider', 'model_name'], window: '$__range' } as const;
  const all = q.increase(costTotal, { window: '$__range' });
  const minutes = `(${q.increase('lk_agents_agent_state_seconds_total', version)} / 60)`;
  const money = (title: string, expr: string) => ({ title, unit: 'currencyUSD', expr, width: 108 });
  return [
    {
      panels: [
        table({
          title: 'Agents and versions',
          description:
            'What the calls of each version cost in this time range, the greatest spend first. Compare versions by the cost of a turn or of a minute of a session. Click an agent to see its releases.',
          width: 12,
          empty: noPricedUsageInRange,
          keys: [
            { label: 'agent_name', title: 'Agent', link: { board: 'releases', variable: 'agent' } },
            { label: 'agent_version', title: 'Version', width: 115 },
          ],
          columns: [
            money('Spent', q.increase(costTotal, version)),
            money(
              'Per session',
              `${q.increase(costTotal, version)} / (${q.increase('lk_agents_sessions_total', version)} > 0)`,
            ),
            money(
              'Per turn',
              `${q.increase(costTotal, version)} / (${q.increase('lk_agents_turns_total', version)} > 0)`,
            ),
            money('Per minute', `${q.increase(costTotal, version)} / (${minutes} > 0)`),
          ],
        }),
        table({
          title: 'Models by spend',
          description:
            'What each model cost in this time range, and its share of all. Click a model to see how fast it is, and how often it fails.',
          width: 12,
          empty: noPricedUsageInRange,
          keys: [
            { label: 'component', title: 'Component', width: 110 },
            { label: 'model_provider', title: 'Provider' },
            { label: 'model_name', title: 'Model', link: { board: 'models', variable: 'model' } },
          ],
          columns: [
            money('Spent', q.increase(costTotal, model)),
            {
              title: 'Share',
              width: 80,
              unit: 'percentunit',
              decimals: 0,
              expr: `${q.increase(costTotal, model)} / on () group_left () (${all} > 0)`,
            },
          ],
        }),
      ],
    },
    {
      panels: [
        table({
          title: 'Usage without a price',
          description:
            'Usage of this time range that is in no figure above, because no price is known for its model. Add a line to the price file: `talkgauge prices PROVIDER/MODEL` says what was looked for.',
          width: 24,
          height: 6,
          empty: 'No usage without a price was counted in this time range',
          keys: [
            { label: 'component', title: 'Component', width: 140 },
            { label: 'model_provider', title: 'Provider' },
            { label: 'model_name', title: 'Model' },
            { label: 'unit', title: 'Billed in' },
          ],
          columns: [
            {
              title: 'Usage',
              unit: 'short',
              limits: { bad: 0 },
              expr: `${q.increase(unpricedTotal, { by: ['component', 'model_provider', 'model_name', 'unit'], window: '$__range' })} > 0`,
            },
          ],
        }),
      ],
    },
  ];
}

/** Where there is little room. */
export const noPricedUsage = 'No priced usage';

const month = 30 * 86_400;

const unpricedTotal = 'lk_agents_cost_unpriced_usage_total';

/** The colours of what is billed, as in the parts of a turn. */
const componentColours = {
  llm: 'orange',
  stt: 'blue',
  tts: 'green',
  realtime: 'purple',
  interruption: 'super-light-blue',
  eot: 'yellow',
};

/** The cost, compared with its baseline. */
function spendRows({ q, settings, objectives: { costPerMinute } }: BoardContext): Row[] {
  const inRange = { window: '$__range' } as const;
  const range = q.increase(costTotal, inRange);
  const { agent_name, agent_version } = q.scope.where;
  const seen = settings.recorded
    ? selector(
        present,
        matchers({ ...(agent_name && { agent_name }), ...(agent_version && { agent_version }) }),
      )
    : q.series('lk_agents_sessions_active');
  const byAgent = (name: string) => selector(name, matchers(agent_name ? { agent_name } : {}));
  const hour = { by: ['agent_name'], window: '1h' } as const;
  const perMinute = settings.recorded
    ? byAgent(measures.costPerMinute)
    : `${q.increase(costTotal, hour)} / (${q.increase('lk_agents_agent_state_seconds_total', hour)} / 60 > 0)`;
  const models = q.increase(unpricedTotal, {
    ...inRange,
    by: ['component', 'model_provider', 'model_name'],
  });
  const money = (title: string, description: string, expr: string) =>
    stat({
      title,
      description: `${description} List prices, or those of your price file; without taxes.`,
      unit: 'currencyUSD',
      width: 4,
      empty: noPricedUsage,
      targets: [{ expr, as: 'instant' }],
    });
  return [
    {
      panels: [
        money(
          'Spent in 24 hours',
          'What models cost in the last 24 hours, whatever the time range of this board.',
          q.increase(costTotal, { window: '1d' }),
        ),
        money('Spent in this range', 'What models cost in the time range of this board.', range),
        money(
          'Per minute now',
          'What is spent per minute of the clock, by all calls together. It follows the number of calls; the cost of a session-minute does not.',
          `${q.rate(costTotal)} * 60`,
        ),
        money(
          'Per session-minute',
          'What a minute of a call costs, in this time range. If it rises, prompts have grown, the cache is missed, or a more expensive model is in use: see below which.',
          `${range} / (${q.increase('lk_agents_agent_state_seconds_total', inRange)} / 60 > 0)`,
        ),
        money(
          'Projected cost per month',
          'What 30 days cost if they go on as the last seven did, or as long as there is data.',
          `${q.increase(costTotal, { window: '7d' })} / (time() - min_over_time(timestamp(group(${seen}))[7d:5m]) > 0) * ${month}`,
        ),
        stat({
          title: 'Models without a price',
          description:
            'Models that were used in this time range and that have no price: what they cost is in no figure of this board. The table below names them; give them a price in your price file (docs/prices.md).',
          unit: 'short',
          decimals: 0,
          width: 4,
          empty: noPricedUsage,
          limits: { bad: 1 },
          targets: [
            {
              expr: `count(${models} > 0) or 0 * count(${q.series('lk_agents_billable_usage_total')})`,
              as: 'instant',
            },
          ],
        }),
      ],
    },
    {
      panels: [
        timeseries({
          title: 'Spend per hour by component',
          description:
            'Dollars per hour, by what they are spent on. The height follows the number of calls; if one colour grows faster than the others, look at its models below.',
          unit: 'currencyUSD',
          width: 12,
          height: 9,
          empty: noPricedUsageInRange,
          draw: 'stack',
          colours: componentColours,
          legend: ['mean'],
          legendAt: 'right',
          targets: [
            { expr: `${q.rate(costTotal, { by: ['component'] })} * 3600 > 0`, legend: '{{component}}' },
          ],
        }),
        timeseries({
          title: 'Cost of a session-minute by agent',
          description:
            'What a minute of a call cost over the last hour. Dashed: the median of the last seven days, which the alert LiveKitAgentCostRunaway compares with; it needs six hours of data. A red line, if there is one, is the objective costPerMinute. Above the usual, and calls are the same: look at tokens per request and cache hits.',
          unit: 'currencyUSD',
          width: 12,
          height: 9,
          empty: settings.recorded
            ? 'No agent had ten session-minutes with priced usage in an hour, or the recording rules are not loaded'
            : noPricedUsageInRange,
          ...(costPerMinute !== undefined && { limit: costPerMinute }),
          dashed: '/ usual$/',
          legendAt: 'right',
          legend: ['lastNotNull'],
          targets: [
            { expr: perMinute, legend: '{{agent_name}}' },
            ...(settings.recorded
              ? [{ expr: byAgent(baseline('costPerMinute')), legend: '{{agent_name}} usual' }]
              : []),
          ],
        }),
      ],
    },
    {
      panels: [
        money(
          'Per session',
          'What a call costs: the spend of this time range over the sessions that ended in it.',
          `${range} / (${q.increase('lk_agents_sessions_total', inRange)} > 0)`,
        ),
        money(
          'Per turn',
          'What a turn of a caller costs, in this time range.',
          `${range} / (${q.increase('lk_agents_turns_total', inRange)} > 0)`,
        ),
        stat({
          title: 'Tokens per LLM request',
          description:
            'Input and output tokens of a request to an LLM, in this time range. It grows with the prompt, the tools, and the length of calls.',
          unit: 'locale',
          decimals: 0,
          width: 4,
          empty: 'No LLM request',
          next: 'models',
          targets: [
            {
              expr: `sum(${perRequest(q, '$__range', 'tokens')}) / sum(${perRequest(q, '$__range', 'requests')})`,
              as: 'instant',
            },
          ],
        }),
        stat({
          title: 'Input from the cache',
          description:
            "Share of the LLMs' input tokens that was read from the provider's cache, at a fraction of the price. If it drops, the beginning of the prompt changes with each request: put what changes at its end.",
          unit: 'percentunit',
          decimals: 0,
          width: 4,
          empty: 'No LLM request',
          targets: [
            {
              expr: q.share(
                ['lk_agents_usage_llm_input_cached_tokens_total', inRange],
                ['lk_agents_usage_llm_input_tokens_total', inRange],
              ),
              as: 'instant',
            },
          ],
        }),
        stat({
          title: 'Age of prices',
          description:
            'Days since the prices were written down, by source: your price file goes before the built-in list, whose oldest price counts. Prices change; if cost matters, provide a price file.',
          unit: 'suffix: days',
          decimals: 0,
          width: 4,
          empty: noPricedUsage,
          limits: { bad: 365 },
          text: 'value_and_name',
          targets: [
            {
              expr: `(time() - max by (source) (${q.series('talkgauge_price_file_timestamp_seconds')} > 0)) / 86400`,
              legend: '{{source}}',
              as: 'instant',
            },
          ],
        }),
        stat({
          title: 'Refused price files',
          description:
            'Changes of the price file in this time range that could not be used; the prices before them stay. The log of the worker names the line.',
          unit: 'short',
          decimals: 0,
          width: 4,
          empty: 'No price file',
          limits: { bad: 1 },
          targets: [
            {
              expr: q.increase('talkgauge_price_file_reloads_total', {
                ...inRange,
                where: { result: 'failed' },
              }),
              as: 'instant',
            },
          ],
        }),
      ],
    },
  ];
}
