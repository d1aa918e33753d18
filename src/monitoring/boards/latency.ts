import type { BoardSpec } from './panels/board.ts';
import { heatmap, stat, timeseries } from './panels/charts.ts';
import { exemplars, percentileColours, percentiles, turnSegments } from './panels/queries.ts';
import { table } from './panels/table.ts';
import { segmentColours } from './panels/thresholds.ts';

const noTurns = 'No measured turns in this time range';
const e2e = 'lk_agents_turn_e2e_latency_seconds';

/** How long callers wait, and for what. */
export const latency: BoardSpec = {
  name: 'latency',
  description: 'How long do callers wait for an answer, and what do they wait for?',
  filters: ['provider', 'model'],
  rows: ({ q, objectives: { turnLatency, turnLatencyTail } }) => [
    {
      panels: [
        stat({
          title: 'p95 of turn latency',
          description: `From the end of the user's speech to the start of the reply; 95 % of the turns were faster. Red from the objective of ${turnLatency.seconds} s on.`,
          unit: 's',
          width: 5,
          empty: noTurns,
          limits: { warning: 0.9 * turnLatency.seconds, bad: turnLatency.seconds },
          targets: [{ expr: q.quantile(0.95, e2e, { window: '$__range' }), as: 'instant' }],
        }),
        stat({
          title: `Answered within ${turnLatency.seconds} s`,
          description: `Share of the turns that met the objective; ${100 * turnLatency.ratio} % are promised.`,
          unit: 'percentunit',
          width: 5,
          decimals: 1,
          empty: noTurns,
          limits: { bad: turnLatency.ratio, falling: true },
          next: 'slo',
          targets: [
            {
              expr: `1 - (${q.shareAbove(turnLatency.seconds, e2e, { window: '$__range' })})`,
              as: 'instant',
            },
          ],
        }),
        stat({
          title: `Slower than ${turnLatencyTail.seconds} s`,
          description: `Share of the turns above the tail objective; ${Number((100 * (1 - turnLatencyTail.ratio)).toFixed(2))} % are allowed.`,
          unit: 'percentunit',
          width: 5,
          decimals: 2,
          empty: noTurns,
          limits: { bad: 1 - turnLatencyTail.ratio },
          next: 'sessions',
          nextWith: { slower: String(turnLatencyTail.seconds) },
          targets: [
            { expr: q.shareAbove(turnLatencyTail.seconds, e2e, { window: '$__range' }), as: 'instant' },
          ],
        }),
        stat({
          title: 'Mean turn',
          description: 'The mean latency of a turn. The stack "What the mean turn consists of" is as high.',
          unit: 's',
          width: 5,
          empty: noTurns,
          targets: [{ expr: q.mean(e2e, { window: '$__range' }), as: 'instant' }],
        }),
        stat({
          title: 'Measured turns',
          description:
            'Turns of which the SDK measured a latency. Greetings, say(), typed input and realtime models have none.',
          unit: 'short',
          width: 4,
          decimals: 0,
          empty: noTurns,
          targets: [{ expr: q.count(e2e, { window: '$__range' }), as: 'instant' }],
        }),
      ],
    },
    {
      panels: [
        timeseries({
          title: 'Turn latency',
          description:
            'Percentiles of turn latency. The dashed line is the objective of the p95. Dots are single turns; click one for its trace.',
          unit: 's',
          width: 12,
          height: 9,
          empty: noTurns,
          limit: turnLatency.seconds,
          colours: percentileColours,
          next: 'sessions',
          nextWith: { slower: String(turnLatency.seconds) },
          targets: [...percentiles(q, e2e), exemplars(q, e2e)],
        }),
        timeseries({
          title: 'What the mean turn consists of',
          description:
            'Mean seconds per turn, by what they were spent on. The parts sum to the mean turn latency exactly; unattributed is time that no SDK field reports.',
          unit: 's',
          width: 12,
          height: 9,
          empty: noTurns,
          draw: 'stack',
          colours: segmentColours,
          legend: ['mean'],
          legendAt: 'right',
          targets: turnSegments(q),
        }),
      ],
    },
    {
      panels: [
        heatmap({
          title: 'Distribution of turn latency',
          description:
            'How many turns per second fell between two bounds: two bands are two kinds of turns, such as with and without tools.',
          unit: 's',
          width: 12,
          empty: noTurns,
          targets: [{ expr: q.buckets(e2e), legend: '{{le}}', as: 'heatmap' }, exemplars(q, e2e)],
        }),
        timeseries({
          title: 'p95 by agent',
          description: 'Which agent is it? The dashed line is the objective.',
          unit: 's',
          width: 12,
          height: 9,
          empty: noTurns,
          limit: turnLatency.seconds,
          next: 'releases',
          targets: [{ expr: q.quantile(0.95, e2e, { by: ['agent_name'] }), legend: '{{agent_name}}' }],
        }),
      ],
    },
    {
      title: 'Stages',
      panels: (
        [
          [
            'End of turn',
            'lk_agents_turn_end_of_turn_delay_seconds',
            "From the end of the user's speech to the decision that the turn is over; includes the transcription.",
            'turn-taking',
          ],
          [
            'Transcription',
            'lk_agents_turn_transcription_delay_seconds',
            "From the end of the user's speech to its final transcript.",
            'models',
          ],
          [
            'LLM: first token',
            'lk_agents_turn_llm_ttft_seconds',
            'Time to the first token of the LLM, as part of a turn; retries are included.',
            'models',
          ],
          [
            'TTS: first audio',
            'lk_agents_turn_tts_ttfb_seconds',
            'Time to the first audio of the TTS, as part of a turn.',
            'models',
          ],
          [
            'onUserTurnCompleted',
            'lk_agents_turn_on_user_turn_completed_delay_seconds',
            "Time spent in the agent's own callback before the LLM is asked.",
            'releases',
          ],
          [
            'Playback',
            'lk_agents_turn_playback_latency_seconds',
            'From handing the first audio to the output until it plays.',
            'transport',
          ],
        ] as const
      ).map(([title, metric, description, next]) =>
        timeseries({
          title,
          description,
          unit: 's',
          width: 8,
          height: 7,
          empty: 'No turn had this stage in this time range',
          colours: percentileColours,
          legend: ['mean'],
          next,
          targets: percentiles(q, metric),
        }),
      ),
    },
    {
      title: 'By version and model',
      panels: [
        table({
          title: 'Slowest first',
          description:
            'Agent, version and model of the measured turns, the slowest p95 first. Click an agent to see its versions, and a figure to see its calls.',
          width: 24,
          empty: noTurns,
          keys: [
            { label: 'agent_name', title: 'Agent', link: { board: 'releases', variable: 'agent' } },
            { label: 'agent_version', title: 'Version' },
            { label: 'model_provider', title: 'Provider' },
            { label: 'model_name', title: 'LLM', link: { board: 'models', variable: 'model' } },
          ],
          sortBy: 'p95',
          columns: (() => {
            const about = {
              by: ['agent_name', 'agent_version', 'model_provider', 'model_name'],
              window: '$__range',
            } as const;
            return [
              { title: 'Turns', unit: 'locale', decimals: 0, expr: `${q.count(e2e, about)} > 0` },
              { title: 'p50', unit: 's', expr: q.quantile(0.5, e2e, about) },
              {
                title: 'p95',
                unit: 's',
                next: 'sessions',
                expr: q.quantile(0.95, e2e, about),
                limits: { bad: turnLatency.seconds },
              },
              {
                title: 'p99',
                unit: 's',
                next: 'sessions',
                expr: q.quantile(0.99, e2e, about),
                limits: { bad: turnLatencyTail.seconds },
              },
              {
                title: `Slower than ${turnLatency.seconds} s`,
                unit: 'percentunit',
                decimals: 1,
                next: 'sessions',
                expr: q.shareAbove(turnLatency.seconds, e2e, about),
                limits: { bad: 1 - turnLatency.ratio },
              },
            ];
          })(),
        }),
      ],
    },
  ],
};
