import type { BoardSpec } from './house/board.ts';
import { unknownCall } from './house/call-link.ts';
import { conversation } from './session/conversation.ts';
import { details } from './session/details.ts';
import { kept } from './session/kept.ts';
import { outcome } from './session/outcome.ts';
import { traced } from './session/traced.ts';

/** One call: what was said, what it waited for, what failed, and its trace. */
export const session: BoardSpec = {
  name: 'session',
  description:
    'What happened in this call? Its job or its trace says which it is: choose one on the board Sessions.',
  sources: ['logs', 'traces'],
  // For who comes with an id only. What leads here brings its time range.
  from: 'now-24h',
  inputs: [
    {
      name: 'job_id',
      label: 'Job',
      description: "The id of the call's job, AJ_…; `none` where only its trace is known.",
      value: unknownCall.job_id,
    },
    {
      name: 'trace_id',
      label: 'Trace',
      description: "The id of the call's trace; `{false}` where only its job is known.",
      value: unknownCall.trace_id,
    },
  ],
  rows: (context) => [
    outcome(context),
    conversation(context),
    details(context),
    kept(context),
    ...traced(context),
  ],
};
