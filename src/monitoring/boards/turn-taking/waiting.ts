import type { BoardContext, Row } from '../house/board.ts';
import { palette } from '../house/palette.ts';
import { exemplars, percentileColours, percentiles } from '../house/percentiles.ts';
import { timeseries } from '../house/timeseries.ts';
import { turnsThatWere } from './shares.ts';

const delay = 'lk_agents_eou_delay_seconds';
const transcription = 'lk_agents_eou_transcription_delay_seconds';

/** How long agents wait before they take their turn, and how the turns end. */
export const waiting = ({ q, objectives }: BoardContext): Row => ({
  panels: [
    timeseries({
      title: 'From the end of speech to the end of turn',
      description:
        'How long the agent waits until it takes its turn. A p95 far above the p50 is the longest endpointing delay, taken when the agent was not sure. Dots are single turns; click one for its trace.',
      unit: 's',
      width: 8,
      height: 9,
      empty:
        'No end of turn was detected in this time range; realtime models with a turn detection of their own report none',
      colours: percentileColours,
      legend: ['mean'],
      next: 'latency',
      targets: [...percentiles(q, delay), exemplars(q, delay)],
    }),
    timeseries({
      title: 'From the end of speech to the transcript',
      description:
        "The part of it that waits for the STT's final transcript. If it is most of the wait, a faster STT helps and a shorter endpointing delay does not.",
      unit: 's',
      width: 8,
      height: 9,
      empty: 'No final transcript after a detected end of speech in this time range',
      colours: percentileColours,
      legend: ['mean'],
      next: 'models',
      targets: [...percentiles(q, transcription), exemplars(q, transcription)],
    }),
    timeseries({
      title: 'Turns that went wrong',
      description: `Share of the turns that the user cut off, and of those that got no answer. The dashed line is what may go unanswered, ${100 * objectives.unansweredRatio} %.`,
      unit: 'percentunit',
      width: 8,
      height: 9,
      empty: 'No turns in this time range',
      limit: objectives.unansweredRatio,
      colours: { 'cut off by the user': palette.warning, unanswered: palette.bad },
      legend: ['mean'],
      targets: [
        { expr: turnsThatWere(q, 'interrupted'), legend: 'cut off by the user' },
        { expr: turnsThatWere(q, 'unanswered'), legend: 'unanswered' },
      ],
    }),
  ],
});
