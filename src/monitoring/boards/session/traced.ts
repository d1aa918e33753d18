import { tracesOfJob } from '../../traceql/spans.ts';
import type { BoardContext, Row } from '../house/board.ts';
import { lines } from '../house/lines.ts';
import { trace, traceTable } from '../house/traces.ts';
import { noCall } from './empty.ts';

/** The trace, and the agent's log. */
export const traced = ({ records }: BoardContext): readonly Row[] => [
  {
    title: 'Trace and log',
    panels: [
      trace({
        title: 'Trace',
        description:
          'The spans of the call, from job_entrypoint down. Click one for its attributes, and for the log and the metrics around it.',
        width: 24,
        height: 20,
        empty: 'No trace of this call: choose it below, or its traces were switched off',
        expr: '${trace_id}',
      }),
    ],
  },
  {
    panels: [
      traceTable({
        title: 'Traces of this job',
        description:
          'Where only the job is known: click the id of its trace to see it above. A call has one trace, unless the agent makes some of its own.',
        width: 8,
        height: 12,
        empty: noCall,
        expr: tracesOfJob('$job_id'),
        job: '${job_id}',
      }),
      lines({
        title: 'Log of the agent',
        description:
          'What the agent and the SDK logged in this call. Click a line for its attributes, and for its trace.',
        width: 16,
        height: 12,
        empty: noCall,
        expr: records.log(),
      }),
    ],
  },
];
