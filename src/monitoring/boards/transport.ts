import type { Labels } from '../../catalogue/metrics.ts';
import { percent } from '../markdown.ts';
import { type AudioStreamMetric, serverQueries } from '../promql/livekit-server.ts';
import { nameByRange } from '../promql/recorded-series.ts';
import { serverRate } from '../rules/dashboards.ts';
import type { BoardContext, BoardSpec, Row } from './panels/board.ts';
import { heatmap, stat, timeseries } from './panels/charts.ts';
import { percentileColours, perMinute } from './panels/queries.ts';
import { palette } from './panels/thresholds.ts';
import { nodeRows, noServer, noStreams, notScraped } from './transport/nodes.ts';

/** Audio transport between callers, LiveKit's server and agents. */
export const transport: BoardSpec = {
  name: 'transport',
  description: 'Is it the network?',
  rows: (context) => [...networkRows(context), ...nodeRows(context), ...recordingRows(context)],
};

const directions = { incoming: palette.p95, outgoing: palette.p50 };

/** How audio gets through, beside what callers notice of it. */
function networkRows({ q, settings, objectives }: BoardContext): Row[] {
  const server = serverQueries(settings.recorded);
  const { networkLossRatio, networkRttSeconds, networkJitterSeconds, turnLatency } = objectives;
  const inRange = { window: '$__range' } as const;
  const ms = (seconds: number) => `${1000 * seconds} ms`;
  const p95 = (metric: AudioStreamMetric, at: number, title: string, description: string) =>
    stat({
      title,
      description: `${description} Red from ${ms(at)} on.`,
      unit: 's',
      decimals: 0,
      width: 4,
      empty: noServer,
      limits: { bad: at },
      targets: [{ expr: server.quantile(0.95, metric, inRange), as: 'instant' }],
    });
  /** Participants who joined in the time range, up to a factor that is the same for all. */
  const joins = (where: string) =>
    settings.recorded
      ? `sum(sum_over_time(${nameByRange(serverRate('livekit_participant_join_total'))}{${where}}[$__range]))`
      : `sum(increase(livekit_participant_join_total{${where}}[$__range]))`;
  const byDirection = (expr: (direction: 'incoming' | 'outgoing') => string) =>
    (['incoming', 'outgoing'] as const).map((legend) => ({ expr: expr(legend), legend }));
  return [
    {
      panels: [
        stat({
          title: 'Audio lost',
          description: `Mean share of audio packets that did not arrive, over all streams. Red from ${percent(networkLossRatio)} on: words begin to go missing, for the STT and for the caller.`,
          unit: 'percentunit',
          decimals: 2,
          width: 4,
          empty: noServer,
          limits: { warning: 0.5 * networkLossRatio, bad: networkLossRatio },
          targets: [{ expr: server.mean('livekit_packet_loss_percent', inRange), as: 'instant' }],
        }),
        p95(
          'livekit_rtt_ms',
          networkRttSeconds,
          'p95 of round trips',
          "Round trip between LiveKit's server and participants; each turn pays it once. 95 % of the measurements were shorter.",
        ),
        p95(
          'livekit_jitter_us',
          networkJitterSeconds,
          'p95 of jitter',
          'How unevenly packets arrive; receivers wait for as long, to play them evenly.',
        ),
        stat({
          title: 'Connection quality',
          description:
            "Mean of the score that LiveKit's server gives to connections, from 1 (lost) to 4.5 (excellent); it is a mean opinion score made of loss, round trip and jitter. Below 3.5 callers notice.",
          unit: 'short',
          decimals: 2,
          width: 4,
          empty: noServer,
          limits: { warning: 4, bad: 3.5, falling: true },
          targets: [{ expr: server.mean('livekit_quality_score', inRange), as: 'instant' }],
        }),
        stat({
          title: 'Participants',
          description: "Participants in the rooms of LiveKit's server now: callers and agents.",
          unit: 'short',
          decimals: 0,
          width: 4,
          empty: noServer,
          targets: [{ expr: 'sum(livekit_participant_total)', as: 'instant' }],
        }),
        stat({
          title: 'Failed connections',
          description:
            'Share of the participants whose media connection failed in this time range; they never got into their room. Look at firewalls, TURN and the ports of UDP.',
          unit: 'percentunit',
          decimals: 2,
          width: 4,
          empty: 'No connections, or not scraped',
          limits: { warning: 0.01, bad: 0.05 },
          targets: [
            {
              expr:
                `(${joins('state="rtc_failure"')} or vector(0)) / ` +
                `(${joins('state=~"rtc_success|rtc_failure"')} > 0)`,
              as: 'instant',
            },
          ],
        }),
      ],
    },
    {
      panels: [
        timeseries({
          title: 'Audio packets lost',
          description: `Mean share of lost audio packets. Incoming: from callers and agents to LiveKit; outgoing: from LiveKit to them. The dashed line is ${percent(networkLossRatio)}. If it rises together with the chart beside, it is the network; if only that one rises, it is not.`,
          unit: 'percentunit',
          width: 12,
          height: 9,
          empty: noStreams,
          limit: networkLossRatio,
          reach: 1.2 * networkLossRatio,
          colours: directions,
          targets: byDirection((direction) => server.mean('livekit_packet_loss_percent', { direction })),
        }),
        timeseries({
          title: 'What callers notice',
          description: `p95 of turn latency, and of its parts that depend on the network: transcription, which waits for audio, and playback. The dashed line is the objective of turn latency. If it rises alone, look at the models.`,
          unit: 's',
          width: 12,
          height: 9,
          empty: 'No measured turns in this time range',
          limit: turnLatency.seconds,
          colours: {
            'turn latency': palette.p95,
            transcription: palette.neutral,
            playback: palette.good,
          },
          next: 'latency',
          targets: [
            { expr: q.quantile(0.95, 'lk_agents_turn_e2e_latency_seconds'), legend: 'turn latency' },
            {
              expr: q.quantile(0.95, 'lk_agents_turn_transcription_delay_seconds'),
              legend: 'transcription',
            },
            {
              expr: q.quantile(0.95, 'lk_agents_turn_playback_latency_seconds'),
              legend: 'playback',
            },
          ],
        }),
      ],
    },
    {
      panels: [
        timeseries({
          title: 'Round trip',
          description: `Round trip between LiveKit's server and participants, over their audio streams. The dashed line is ${ms(networkRttSeconds)}: beyond it people talk over each other.`,
          unit: 's',
          width: 8,
          empty: noStreams,
          limit: networkRttSeconds,
          reach: networkRttSeconds,
          colours: percentileColours,
          targets: [50, 95, 99].map((percentile) => ({
            expr: server.quantile(percentile / 100, 'livekit_rtt_ms'),
            legend: `p${percentile}`,
          })),
        }),
        timeseries({
          title: 'Jitter',
          description: `p95 of the jitter of audio, by direction. The dashed line is ${ms(networkJitterSeconds)}: beyond it audio is delayed or breaks up.`,
          unit: 's',
          width: 8,
          empty: noStreams,
          limit: networkJitterSeconds,
          reach: networkJitterSeconds,
          colours: directions,
          targets: byDirection((direction) => server.quantile(0.95, 'livekit_jitter_us', { direction })),
        }),
        heatmap({
          title: 'Distribution of connection quality',
          description:
            "How many of the server's scores fell between two bounds; 4.5 is the best. A second band below is a group of callers with bad connections, such as one country or carrier.",
          unit: 'short',
          width: 8,
          height: 8,
          empty: notScraped,
          targets: [{ expr: server.buckets('livekit_quality_score'), legend: '{{le}}', as: 'heatmap' }],
        }),
      ],
    },
  ];
}

/** Where there is little room. */
const noRecordings = 'No room was recorded';
const noRecordingsInRange = 'No recording of a room ended in this time range; recordRoom(ctx) asks for one';

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
function recordingRows({ q, objectives: { recordingErrorRatio } }: BoardContext): Row[] {
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
          empty: noRecordings,
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
          empty: noRecordingsInRange,
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
          empty: noRecordingsInRange,
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
          empty: noRecordings,
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
