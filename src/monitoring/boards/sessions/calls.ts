import type { BoardContext, Row } from '../house/board.ts';
import { recordsTable } from '../house/records-table.ts';
import { noRecords } from './empty.ts';

/** Calls by when they ended, and those that have not. */
export const calls = ({ records, objectives: { turnLatency } }: BoardContext): Row => ({
  title: 'Calls',
  panels: [
    recordsTable({
      title: 'Calls',
      description: `Calls that ended, the last first. Click one to see what was said in it and what it waited for; click a heading to sort by it. ${noRecords}`,
      width: 24,
      height: 11,
      empty: 'No call ended in this time range',
      expr: records.of('lk.session_end'),
      columns: [
        { title: 'Agent', of: 'lk.agent_name' },
        { title: 'Version', of: 'lk.agent_version' },
        { title: 'Ended', of: 'lk.close_reason', width: 205 },
        { title: 'Duration', of: 'lk.duration', unit: 's', decimals: 0 },
        { title: 'Turns', of: 'lk.turns', unit: 'short', decimals: 0 },
        {
          title: 'Slowest turn',
          of: 'lk.slowest_turn',
          unit: 's',
          limits: { bad: turnLatency.seconds },
        },
        { title: 'Interruptions', of: 'lk.interruptions', unit: 'short', decimals: 0 },
        { title: 'Tool calls', of: 'lk.tool_calls', unit: 'short', decimals: 0 },
        { title: 'Failed', of: 'lk.tool_errors', unit: 'short', decimals: 0, limits: { bad: 1 } },
        { title: 'Model errors', of: 'lk.errors', unit: 'short', decimals: 0, limits: { bad: 1 } },
      ],
    }),
  ],
});
