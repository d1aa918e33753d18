import { spans } from '../../traceql/spans.ts';
import type { Row } from '../house/board.ts';
import { traceTable } from '../house/traces.ts';

/** The same by spans, for agents that send traces and no logs. */
export const byTrace = (): Row => ({
  title: 'By traces',
  panels: [
    traceTable({
      title: 'Traces with slow turns',
      description:
        'Calls with a turn that took longer than the seconds on top of this board, as their traces tell. Click the id of one for its call.',
      width: 12,
      empty: 'No trace has such a turn',
      expr: spans('agent_turn', { 'lk.e2e_latency': ['>', '$slower'] }, ['lk.e2e_latency']),
    }),
    traceTable({
      title: 'Traces with failed tools',
      description: 'Calls in which a tool failed, as their traces tell. Click the id of one for its call.',
      width: 12,
      empty: 'No trace has such a tool',
      expr: spans('function_tool', { 'lk.function_tool.is_error': ['=', true] }),
    }),
  ],
});
