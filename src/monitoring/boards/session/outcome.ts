import type { BoardContext, Row } from '../house/board.ts';
import { recordsTable } from '../house/records-table.ts';
import { text } from '../house/text.ts';
import { noCall, widen } from './empty.ts';

/** The call in a line, and where there is more of it. */
export const outcome = ({
  records,
  objectives: { turnLatency },
  settings: { gateway },
}: BoardContext): Row => ({
  panels: [
    recordsTable({
      title: 'The call',
      description: `When it began and ended, and what it came to: its slowest turn, how often the agent was cut off, tools and those of them that failed, errors of models. Click a row where only the job or only the trace is known: it fills in both. ${widen}`,
      width: 19,
      height: 5,
      empty: noCall,
      ascending: true,
      expr: records.of(['lk.session_start', 'lk.session_end'], { of: 'call' }),
      columns: [
        { title: 'What', of: 'Line', width: 300 },
        { title: 'Agent', of: 'lk.agent_name', width: 110 },
        { title: 'Version', of: 'lk.agent_version', width: 70 },
        { title: 'Duration', of: 'lk.duration', unit: 's', decimals: 0 },
        { title: 'Turns', of: 'lk.turns', unit: 'short', decimals: 0 },
        {
          title: 'Slowest',
          of: 'lk.slowest_turn',
          unit: 's',
          limits: { bad: turnLatency.seconds },
        },
        { title: 'Cut off', of: 'lk.interruptions', unit: 'short', decimals: 0 },
        { title: 'Tools', of: 'lk.tool_calls', unit: 'short', decimals: 0 },
        { title: 'Failed', of: 'lk.tool_errors', unit: 'short', decimals: 0, limits: { bad: 1 } },
        { title: 'Errors', of: 'lk.errors', unit: 'short', decimals: 0, limits: { bad: 1 } },
      ],
    }),
    text({
      title: 'In the gateway',
      description: 'The page of this call in the gateway: its recording beside the timeline, and its report.',
      content: `[Listen to it, and read its report](${gateway}/sessions/\${job_id})\n\nif it was uploaded to the gateway, and its job is known: where Job is \`none\`, click a row of *The call*.`,
      width: 5,
      height: 5,
    }),
  ],
});
