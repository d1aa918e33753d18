import type { BoardContext, Row } from '../house/board.ts';
import { palette } from '../house/palette.ts';
import { timeseries } from '../house/timeseries.ts';

/** Whether reports of sessions are written, and reach their bucket. */
export const reportRows = ({ q }: BoardContext): Row[] => [
  {
    title: 'Session reports',
    panels: [
      timeseries({
        title: 'Session reports by outcome',
        description:
          'Reports of sessions that ended, per minute. failed: the folder refuses them; deadline: it is too slow; recovered: the job died, and its worker wrote the report. Each failure is explained on the console of the agent.',
        unit: 'short',
        width: 12,
        empty: 'No session report was asked for in this time range',
        draw: 'stack',
        colours: {
          written: palette.good,
          uploaded: palette.neutral,
          recovered: palette.warning,
          failed: palette.bad,
          deadline: 'purple',
        },
        targets: [
          {
            expr: `${q.rate('talkgauge_session_reports_total', { by: ['outcome'] })} * 60`,
            legend: '{{outcome}}',
          },
        ],
      }),
      timeseries({
        title: 'Reports sent after their job',
        description:
          'Reports that their bucket did not take at once, and what became of them, per minute. failed: attempts, after which they wait on, in the spool folder of their worker.',
        unit: 'short',
        width: 12,
        empty: 'No report waited for a bucket in this time range',
        draw: 'stack',
        colours: { ok: palette.good, failed: palette.bad },
        targets: [
          {
            expr: `${q.rate('talkgauge_session_report_uploads_total', { by: ['result'] })} * 60`,
            legend: '{{result}}',
          },
        ],
      }),
    ],
  },
];
