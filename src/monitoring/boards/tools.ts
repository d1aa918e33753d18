import { percent } from '../markdown.ts';
import type { Queries } from '../promql/queries.ts';
import type { BoardContext, BoardSpec, Row } from './panels/board.ts';
import { stat, timeseries } from './panels/charts.ts';
import { exemplars, percentileColours, percentiles, perMinute } from './panels/queries.ts';
import { table } from './panels/table.ts';
import { palette } from './panels/thresholds.ts';

/** The agents' tools: failures, latency, and the time that callers wait for them. */
export const tools: BoardSpec = {
  name: 'tools',
  description: 'Which tool fails or is slow, and how does it affect callers?',
  filters: ['tool'],
  rows: (context) => [
    summary(context),
    failingAndSlow(context),
    comparison(context),
    toolCalls(context),
    turnImpact(context),
    handoffs(context),
  ],
};

interface About {
  by?: readonly ('agent_name' | 'agent_version' | 'tool')[];
  window?: string;
}

/** The share of tool calls that failed. */
const failedShare = (q: Queries, about: About = {}): string =>
  q.share(
    ['lk_agents_tool_calls_total', { ...about, where: { outcome: 'error' } }],
    ['lk_agents_tool_calls_total', about],
  );

type ByAgent = Omit<About, 'by'> & { by?: readonly ('agent_name' | 'agent_version')[] };

/** The share of turns in which tools ran. */
const turnsWithTools = (q: Queries, about: ByAgent = {}): string =>
  q.share(['lk_agents_turns_total', { ...about, where: { tools: 'yes' } }], ['lk_agents_turns_total', about]);

/** The share of turn latency that tools are. */
function shareOfLatency(q: Queries, about: ByAgent = {}): string {
  const segment = 'lk_agents_turn_segment_seconds_total';
  return q.share([segment, { ...about, where: { segment: 'tools' } }], [segment, about]);
}

const noCalls = 'No tool calls';

/** The overall state of tools. */
function summary({ q, objectives }: BoardContext): Row {
  const about = { window: '$__range' } as const;
  return {
    panels: [
      stat({
        title: 'Failed calls',
        description: `Share of the tool calls that failed; red from ${percent(objectives.toolErrorRatio)} on. The table below says which tool it is.`,
        unit: 'percentunit',
        width: 4,
        decimals: 1,
        empty: noCalls,
        limits: { bad: objectives.toolErrorRatio },
        targets: [{ expr: failedShare(q, about), as: 'instant' }],
      }),
      stat({
        title: 'Worst tools',
        description: `The two tools of which the greatest share of calls failed; red from ${percent(objectives.toolErrorRatio)} on. Their own logs say why.`,
        unit: 'percentunit',
        width: 5,
        decimals: 1,
        empty: noCalls,
        limits: { bad: objectives.toolErrorRatio },
        text: 'value_and_name',
        targets: [
          {
            expr: `topk(2, ${failedShare(q, { ...about, by: ['tool'] })})`,
            legend: '{{tool}}',
            as: 'instant',
          },
        ],
      }),
      stat({
        title: 'Slowest tools, p95',
        description: `The two tools that take longest, by their p95; red from ${objectives.toolDuration} s on. Let the agent say something before a slow one.`,
        unit: 's',
        width: 5,
        empty: noCalls,
        limits: { bad: objectives.toolDuration },
        text: 'value_and_name',
        targets: [
          {
            expr: `topk(2, ${q.quantile(0.95, 'lk_agents_tool_duration_seconds', { ...about, by: ['tool'] })})`,
            legend: '{{tool}}',
            as: 'instant',
          },
        ],
      }),
      stat({
        title: 'Calls',
        description: 'Tool calls in the time range, whatever became of them.',
        unit: 'locale',
        width: 3,
        decimals: 0,
        empty: noCalls,
        targets: [{ expr: `${q.increase('lk_agents_tool_calls_total', about)} > 0`, as: 'instant' }],
      }),
      stat({
        title: 'Turns with tools',
        description: 'Share of the turns in which at least one tool ran. The filter of tools does not apply.',
        unit: 'percentunit',
        width: 3,
        decimals: 0,
        empty: 'No turns',
        targets: [{ expr: turnsWithTools(q, about), as: 'instant' }],
      }),
      stat({
        title: 'Share of latency',
        description:
          "Share of all turns' latency in which tools ran before the agent spoke. If it is small, faster tools do not help. The filter of tools does not apply.",
        unit: 'percentunit',
        width: 4,
        decimals: 1,
        empty: 'No measured turns',
        next: 'latency',
        targets: [{ expr: shareOfLatency(q, about), as: 'instant' }],
      }),
    ],
  };
}

const duration = 'lk_agents_tool_duration_seconds';
const noToolCalls = 'No tool calls in this time range';

/** Each tool against its objectives. */
const failingAndSlow = ({ q, objectives }: BoardContext): Row => ({
  panels: [
    timeseries({
      title: 'Failed calls by tool',
      description: `Share of a tool's calls that failed. The dashed line is the objective, ${percent(objectives.toolErrorRatio)}. From one moment on: what it calls is down, or a deploy broke it. Always: arguments that the LLM gets wrong.`,
      unit: 'percentunit',
      width: 12,
      height: 9,
      empty: noToolCalls,
      limit: objectives.toolErrorRatio,
      next: 'sessions',
      legend: ['mean'],
      legendAt: 'right',
      sorted: true,
      targets: [{ expr: failedShare(q, { by: ['tool'] }), legend: '{{tool}}' }],
    }),
    timeseries({
      title: 'Duration of calls, p95 by tool',
      description: `How long tools take; 95 % of a tool's calls were faster. The dashed line is the objective, ${objectives.toolDuration} s. Dots are single calls; click one for its trace.`,
      unit: 's',
      width: 12,
      height: 9,
      empty: noToolCalls,
      limit: objectives.toolDuration,
      legend: ['mean'],
      legendAt: 'right',
      sorted: true,
      targets: [
        { expr: q.quantile(0.95, duration, { by: ['tool'] }), legend: '{{tool}}' },
        exemplars(q, duration),
      ],
    }),
  ],
});

/** Each tool of each agent. */
function comparison({ q, objectives }: BoardContext): Row {
  const about = { by: ['tool', 'agent_name'], window: '$__range' } as const;
  return {
    panels: [
      table({
        title: 'Tools, most failing first',
        description:
          'Which tool fails or is slow, and in which agent? Red is beyond the objective. Sort by another column for the slowest or the busiest. Time: of all its calls. Click a tool to see it alone, an agent to compare its versions.',
        width: 24,
        height: 10,
        empty: 'No tool calls in this time range',
        keys: [
          { label: 'tool', title: 'Tool', link: { board: 'tools', variable: 'tool' } },
          { label: 'agent_name', title: 'Agent', link: { board: 'releases', variable: 'agent' } },
        ],
        sortBy: 'Failed',
        columns: [
          {
            title: 'Failed',
            unit: 'percentunit',
            decimals: 1,
            expr: failedShare(q, about),
            limits: { bad: objectives.toolErrorRatio },
          },
          {
            title: 'Calls',
            unit: 'locale',
            decimals: 0,
            expr: `${q.increase('lk_agents_tool_calls_total', about)} > 0`,
          },
          { title: 'p50', unit: 's', expr: q.quantile(0.5, duration, about) },
          {
            title: 'p95',
            unit: 's',
            expr: q.quantile(0.95, duration, about),
            limits: { bad: objectives.toolDuration },
          },
          {
            title: `Over ${objectives.toolDuration} s`,
            unit: 'percentunit',
            decimals: 1,
            expr: q.shareAbove(objectives.toolDuration, duration, about),
          },
          { title: 'Time', unit: 's', expr: q.total(duration, about) },
        ],
      }),
    ],
  };
}

/** How much tools are used. */
const toolCalls = ({ q }: BoardContext): Row => ({
  title: 'Calls',
  panels: [
    timeseries({
      title: 'Calls by tool',
      description:
        'Which tools are called, and how often? One that vanishes after a deploy was lost; one that soars may be called in a loop.',
      unit: perMinute.unit,
      width: 12,
      empty: noToolCalls,
      draw: 'stack',
      legend: ['mean'],
      legendAt: 'right',
      sorted: true,
      targets: [
        { expr: perMinute.of(q.rate('lk_agents_tool_calls_total', { by: ['tool'] })), legend: '{{tool}}' },
      ],
    }),
    timeseries({
      title: 'Calls by outcome',
      description:
        'How calls of the chosen tools ended. The LLM receives the error, and may retry or answer without the result.',
      unit: perMinute.unit,
      width: 6,
      empty: noToolCalls,
      draw: 'stack',
      colours: { ok: palette.good, error: palette.bad },
      targets: (['ok', 'error'] as const).map((outcome) => ({
        expr: perMinute.of(q.rate('lk_agents_tool_calls_total', { where: { outcome } })),
        legend: outcome,
      })),
    }),
    timeseries({
      title: 'Duration of calls',
      description:
        'Percentiles over all calls of the chosen tools. Choose one tool above to see whether all of its calls are slow, or a few.',
      unit: 's',
      width: 6,
      empty: noToolCalls,
      colours: percentileColours,
      targets: percentiles(q, 'lk_agents_tool_duration_seconds'),
    }),
  ],
});

const agent = { by: ['agent_name'] } as const;
const unfiltered = 'The filter of tools does not apply.';

/** The share of turns that went wrong, of those with tools or those without. */
function incompleteShare(q: Queries, tools: 'yes' | 'no'): string {
  const turns = 'lk_agents_turns_total';
  return q.share([turns, { where: { tools, outcome: { not: 'completed' } } }], [turns, { where: { tools } }]);
}

/** The effect of tools on turns. */
const turnImpact = ({ q }: BoardContext): Row => ({
  title: 'Impact of tools on turns',
  panels: [
    timeseries({
      title: 'Tools in the mean turn',
      description: `Mean seconds of a turn in which tools ran before the agent spoke, by agent; turns without tools count as well. ${unfiltered}`,
      unit: 's',
      width: 6,
      empty: 'No measured turns in this time range',
      next: 'latency',
      targets: [
        {
          expr: `${q.rate('lk_agents_turn_segment_seconds_total', { ...agent, where: { segment: 'tools' } })} / (${q.countRate('lk_agents_turn_e2e_latency_seconds', agent)} > 0)`,
          legend: '{{agent_name}}',
        },
      ],
    }),
    timeseries({
      title: 'Share of tools in turn latency',
      description: `What part of what callers wait for is tools, by agent. If it is small, make something else faster. ${unfiltered}`,
      unit: 'percentunit',
      width: 6,
      empty: 'No measured turns in this time range',
      next: 'latency',
      targets: [{ expr: shareOfLatency(q, agent), legend: '{{agent_name}}' }],
    }),
    timeseries({
      title: 'Turns in which tools ran',
      description: `Share of an agent's turns with at least one tool call. A change means different caller requests, or a prompt or model that uses tools differently. ${unfiltered}`,
      unit: 'percentunit',
      width: 6,
      empty: 'No turns in this time range',
      next: 'releases',
      targets: [{ expr: turnsWithTools(q, agent), legend: '{{agent_name}}' }],
    }),
    timeseries({
      title: 'Turns cut off or unanswered',
      description: `Share of turns that did not complete, with and without tools. Far more with tools: callers interrupt while tools run, or tool errors leave no answer. ${unfiltered}`,
      unit: 'percentunit',
      width: 6,
      empty: 'No turns in this time range',
      colours: { 'with tools': palette.warning, 'without tools': palette.neutral },
      next: 'turn-taking',
      targets: [
        { expr: incompleteShare(q, 'yes'), legend: 'with tools' },
        { expr: incompleteShare(q, 'no'), legend: 'without tools' },
      ],
    }),
  ],
});

const handoffsOf = 'lk_agents_handoffs_total';
const noSessions = 'No sessions in this time range';

/** One agent of a session handing over to another. */
const handoffs = ({ q }: BoardContext): Row => ({
  title: 'Handoffs',
  panels: [
    timeseries({
      title: 'Handoffs by agent',
      description:
        'Handoffs from one agent of a session to another. Agents that hand over back and forth show as an increase without more sessions. The filter of tools does not apply.',
      unit: perMinute.unit,
      width: 12,
      reach: 1,
      empty: noSessions,
      legend: ['mean'],
      targets: [{ expr: perMinute.of(q.rate(handoffsOf, agent)), legend: '{{agent_name}}' }],
    }),
    timeseries({
      title: 'Handoffs per session',
      description:
        'Handoffs over sessions that ended. Steady is good; an increase means callers are transferred repeatedly, a decrease means a handoff is broken. The filter of tools does not apply.',
      unit: 'short',
      width: 12,
      decimals: 2,
      reach: 1,
      empty: noSessions,
      legend: ['mean'],
      next: 'releases',
      targets: [
        {
          expr: q.share([handoffsOf, agent], ['lk_agents_sessions_total', agent]),
          legend: '{{agent_name}}',
        },
      ],
    }),
  ],
});
