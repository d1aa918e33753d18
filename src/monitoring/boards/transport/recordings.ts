import type { Labels } from '../../../catalogue/metrics.ts';
import type { BoardContext, Row } from '../house/board.ts';
import { palette } from '../house/palette.ts';
import { perMinute } from '../house/per-minute.ts';
import { percent } from '../house/percent.ts';
import { stat } from '../house/stat.ts';
import { timeseries } from '../house/timeseries.ts';

/** Where there is little room. */
const none = 'No room was recorded';
const empty = 'No recording of a room ended in this time range; recordRoom(ctx) asks for one';

const outcomes: Record<Labels<'lk_agents_recordings_total'>['outcome'], string> = {
  complete: palette.good,
  limit_reached: 'light-green',
  ending: palette.neutral,
  active: 'light-blue',
  lost: 'purple',
  aborted: palette.warning,
  failed: palette.bad,
  not_started: 'dark-red',
};

/** What LiveKit Egress makes of the rooms that jobs want recorded. */
export function recordingRows({ q, objectives: { recordingErrorRatio } }: BoardContext): Row[] {
  const inRange = { window: '$__range' } as const;
  const failing = { outcome: { re: 'failed|aborted|not_started' } } as const;
  const limit = percent(recordingErrorRatio);
  return [
    {
      title: 'Recordings by egress',
      panels: [
        stat({
          title: 'Failed recordings',
          description: `Share of the recordings that ended in this time range which made no file. Red from ${limit} on. Errors by kind are on the right; docs/recordings.md says what to do about each.`,
          unit: 'percentunit',
          decimals: 1,
          width: 4,
          height: 8,
          empty: none,
          limits: { bad: recordingErrorRatio },
          targets: [
            {
              expr:
                `${q.increase('lk_agents_recordings_total', { ...inRange, where: failing })} / ` +
                `(${q.increase('lk_agents_recordings_total', inRange)} > 0)`,
              as: 'instant',
            },
          ],
        }),
        timeseries({
          title: 'Recordings by outcome',
          description:
            'Recordings that ended, per minute. Ending: stopped, and not yet written when the job ended; active: could not be stopped; lost: the job died first. These three mostly turn out well, and nobody was there to see it.',
          unit: perMinute.unit,
          width: 10,
          empty,
          draw: 'stack',
          colours: outcomes,
          targets: [
            {
              expr: perMinute.of(q.rate('lk_agents_recordings_total', { by: ['outcome'] })),
              legend: '{{outcome}}',
            },
          ],
        }),
        timeseries({
          title: 'Recording errors',
          description:
            'Why recordings failed, or were not seen to their end, per minute. No egress service: none runs, or all are busy; bad output: mostly the bucket or its credentials.',
          unit: perMinute.unit,
          width: 6,
          empty,
          targets: [
            {
              expr: perMinute.of(q.rate('lk_agents_recording_errors_total', { by: ['error'] })),
              legend: '{{error}}',
            },
          ],
        }),
        stat({
          title: 'Recorded',
          description:
            'Length of the files that were written in this time range, as far as jobs saw it. LiveKit Cloud bills egress by the minute.',
          unit: 's',
          width: 4,
          height: 8,
          empty: none,
          targets: [
            {
              expr: `${q.increase('lk_agents_recorded_seconds_total', { ...inRange, by: ['media'] })} > 0`,
              legend: '{{media}}',
              as: 'instant',
            },
          ],
        }),
      ],
    },
  ];
}
