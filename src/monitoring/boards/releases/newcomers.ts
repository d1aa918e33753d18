import { failing, slower } from '../../rules/alerts/releases.ts';
import { firstSeen, verdict } from '../../rules/version-verdicts.ts';
import { isNew, present } from '../../rules/versions.ts';
import type { BoardContext } from '../house/board.ts';
import { derived } from '../house/derived.ts';
import type { PanelBuilder } from '../house/panel.ts';
import { percent } from '../house/percent.ts';
import { stat } from '../house/stat.ts';
import { verdictWords } from '../house/verdicts.ts';
import { chosen, excess, noSiblings, slowdown } from './measures.ts';

const name = '{{agent_name}} {{agent_version}}';

/** What was released, and is it bad? */
export const newcomers = (_: BoardContext): PanelBuilder[] => [
  stat({
    title: 'Newest version',
    description: 'The version that was seen for the first time last, and when that was.',
    unit: 'dateTimeFromNow',
    width: 5,
    height: 5,
    empty: 'Needs the recording rules',
    text: 'value_and_name',
    targets: [{ expr: `1000 * topk(1, ${derived(firstSeen, chosen)})`, legend: name, as: 'instant' }],
  }),
  stat({
    title: 'Verdict on new versions',
    description: `How each version of the last day does against the others of its agent, in the last hour. Worse: a p95 more than ${slower.factor} times as long and ${1000 * slower.seconds} ms longer, or more than ${failing.factor} times as many failed sessions or tool calls and ${percent(failing.ratio)} of all more. Worse is to be rolled back.`,
    unit: 'short',
    width: 5,
    height: 5,
    empty: 'No new version runs beside another one',
    text: 'value_and_name',
    wording: verdictWords,
    targets: [
      {
        expr: `${derived(verdict, chosen)} and on (agent_name, agent_version) ${isNew}`,
        legend: name,
        as: 'instant',
      },
    ],
  }),
  stat({
    title: 'Slowest against the others',
    description:
      'The version whose p95 of the last hour is furthest above that of the other versions of its agent, and by how much.',
    unit: 'percentunit',
    width: 5,
    height: 5,
    decimals: 0,
    empty: noSiblings,
    text: 'value_and_name',
    limits: { warning: 0.1, bad: Number((slower.factor - 1).toFixed(6)) },
    next: 'latency',
    targets: [{ expr: `topk(1, ${slowdown})`, legend: name, as: 'instant' }],
  }),
  stat({
    title: 'Failing most against the others',
    description:
      'The version with most failed sessions in the last hour beyond what the other versions of its agent have, in hundredths of all sessions.',
    unit: 'percentunit',
    width: 5,
    height: 5,
    decimals: 1,
    empty: noSiblings,
    text: 'value_and_name',
    limits: { warning: 0.5 * failing.ratio, bad: failing.ratio },
    targets: [{ expr: `topk(1, ${excess('sessionErrors')})`, legend: name, as: 'instant' }],
  }),
  stat({
    title: 'Versions in service',
    description:
      'How many versions report. One of an agent that should be gone is a worker that was forgotten.',
    unit: 'short',
    width: 4,
    height: 5,
    decimals: 0,
    empty: 'Needs the recording rules',
    next: 'workers',
    targets: [{ expr: `count(${derived(present, chosen)})`, as: 'instant' }],
  }),
];
