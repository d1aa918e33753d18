import type { BoardSpec } from './house/board.ts';
import { byTrace } from './sessions/by-trace.ts';
import { calls } from './sessions/calls.ts';
import { glance } from './sessions/glance.ts';
import { slowAndFailed } from './sessions/slow-and-failed.ts';
import { words } from './sessions/words.ts';

/** Where one call is found among all. */
export const sessions: BoardSpec = {
  name: 'sessions',
  description:
    'Which call was it? Find one by its agent, its time, how slow it was, what failed, or what was said.',
  sources: ['logs', 'traces'],
  inputs: [
    {
      name: 'slower',
      label: 'Turns slower than (s)',
      description: 'From which latency on a turn is listed as slow, in seconds.',
      value: '1.5',
    },
    {
      name: 'words',
      label: 'Words',
      description: 'Part of what was said, whatever the case of its letters; also a regular expression.',
      value: '',
    },
  ],
  rows: (context) => [glance(context), calls(context), slowAndFailed(context), words(context), byTrace()],
};
