import { baseline, measures } from '../../rules/baselines.ts';
import type { BoardContext, Row } from '../house/board.ts';
import { derived } from '../house/derived.ts';
import { palette } from '../house/palette.ts';
import { perMinute } from '../house/per-minute.ts';
import { percent } from '../house/percent.ts';
import { timeseries } from '../house/timeseries.ts';
import { falseInterruptions } from './shares.ts';

/** Both sides speaking at once: what of it was meant. */
export function interruptions({ q, objectives }: BoardContext): Row {
  const { agent_name } = q.scope.where;
  const ofAgents = { ...(agent_name && { agent_name }) };
  return {
    title: 'Interruptions',
    panels: [
      timeseries({
        title: 'Interruptions by kind',
        description:
          'Interrupted speeches: the agent was cut off, heard or not. False: it fell silent for noise, and went on afterwards or did not. Many that do not resume: see that resuming is switched on.',
        unit: perMinute.unit,
        width: 12,
        empty: 'No interruptions: no sessions in this time range',
        colours: {
          'interrupted speeches': palette.neutral,
          'false, resumed': palette.warning,
          'false, not resumed': palette.bad,
        },
        legend: ['mean'],
        next: 'sessions',
        targets: [
          {
            expr: perMinute.of(q.rate('lk_agents_speech_interrupted_total')),
            legend: 'interrupted speeches',
          },
          {
            expr: perMinute.of(q.rate('lk_agents_false_interruptions_total', { where: { resumed: 'true' } })),
            legend: 'false, resumed',
          },
          {
            expr: perMinute.of(
              q.rate('lk_agents_false_interruptions_total', { where: { resumed: 'false' } }),
            ),
            legend: 'false, not resumed',
          },
        ],
      }),
      timeseries({
        title: 'Speaking over the agent',
        description:
          'Times that the user spoke while the agent did, by the verdict of the interruption detector: an interruption stops the agent, a backchannel ("mm-hmm") does not.',
        unit: perMinute.unit,
        width: 12,
        empty: 'No overlapping speech: only agents with an interruption detector report it',
        draw: 'stack',
        colours: { interruption: palette.warning, backchannel: palette.good },
        legend: ['mean'],
        targets: [
          {
            expr: perMinute.of(
              q.rate('lk_agents_overlapping_speech_total', { where: { interruption: 'true' } }),
            ),
            legend: 'interruption',
          },
          {
            expr: perMinute.of(
              q.rate('lk_agents_overlapping_speech_total', { where: { interruption: 'false' } }),
            ),
            legend: 'backchannel',
          },
        ],
      }),
      timeseries({
        title: 'Turns cut off, against what is usual',
        description:
          'Share of the turns of the last hour that the user interrupted, by agent. Dashed: the median of the last seven days. A rise after a deploy is a reason to compare versions.',
        unit: 'percentunit',
        width: 12,
        empty: 'Needs the recording rules, and 20 turns in an hour',
        dashed: '/, usual$/',
        next: 'releases',
        targets: [
          { expr: derived(measures.interruptions, ofAgents), legend: '{{agent_name}}' },
          { expr: derived(baseline('interruptions'), ofAgents), legend: '{{agent_name}}, usual' },
        ],
      }),
      timeseries({
        title: 'False interruptions per turn, by agent',
        description: `How often noise silenced the agent. The dashed line is the objective, ${percent(objectives.falseInterruptionRatio)}. Above it: raise the least length of an interruption, or use an interruption detector.`,
        unit: 'percentunit',
        width: 12,
        empty: 'No turns in this time range',
        limit: objectives.falseInterruptionRatio,
        targets: [{ expr: falseInterruptions(q, { by: ['agent_name'] }), legend: '{{agent_name}}' }],
      }),
    ],
  };
}
