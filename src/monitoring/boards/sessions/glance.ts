import type { BoardContext, Row } from '../house/board.ts';
import { stat } from '../house/stat.ts';
import { noRecords } from './empty.ts';

/** How much there is of what one may look for. */
export const glance = ({ records }: BoardContext): Row => {
  const counted = (title: string, description: string, expr: string, bad?: number) =>
    stat({
      title,
      description,
      unit: 'short',
      width: 6,
      decimals: 0,
      empty: '0',
      targets: [{ expr, from: 'logs', as: 'instant' }],
      ...(bad !== undefined && { limits: { bad } }),
    });
  return {
    panels: [
      counted(
        'Calls that ended',
        `Calls of the chosen agents that ended in this time range. ${noRecords}`,
        records.count('lk.session_end'),
      ),
      counted(
        'Slow turns',
        'Turns that took longer than the seconds on top of this board. Below, the slowest come first.',
        records.count('lk.turn', { where: { 'lk.e2e_latency': ['>=', '$slower'] } }),
        1,
      ),
      counted(
        'Calls in which a model failed',
        'Calls that ended in this time range and in which a model failed at least once, also if it was tried again.',
        records.count('lk.session_end', { where: { 'lk.errors': ['>', 0] } }),
        1,
      ),
      counted(
        'Failed tool calls',
        'Calls of tools that ended in an error, in this time range.',
        records.count('lk.tool_call', { where: { 'lk.function_tool.is_error': ['=', 'true'] } }),
        1,
      ),
    ],
  };
};
