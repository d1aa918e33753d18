import { serverQueries } from '../../promql/livekit-server.ts';
import { nameByRange } from '../../promql/recorded-series.ts';
import { nodeCpu, type ServerRate, serverRate } from '../../rules/dashboards.ts';
import type { BoardContext, Row } from '../panels/board.ts';
import { timeseries } from '../panels/charts.ts';
import { text } from '../panels/panel.ts';
import { percentileColours } from '../panels/queries.ts';
import { table } from '../panels/table.ts';
import { palette } from '../panels/thresholds.ts';

/** Where there is little room. */
export const noServer = 'LiveKit server not scraped';

export const notScraped =
  "LiveKit's server is not scraped, or it is LiveKit Cloud, which cannot be; see below for how to";

export const noStreams = `${notScraped}. Or nobody was connected in this time range`;

/** What LiveKit's server counts, per second: recorded, for its raw series are many. */
const serverRates =
  (recorded: boolean) =>
  (metric: ServerRate, by = '', where = ''): string =>
    recorded
      ? `sum${by}(avg_over_time(${nameByRange(serverRate(metric))}${where}[$__rate_interval]))`
      : `sum${by}(rate(${metric}${where}[$__rate_interval]))`;

/** Every process has these series, so those of LiveKit's servers are picked out. */
const serverProcess = (series: string) =>
  `max by (instance) (${series} and on (job, instance) livekit_room_total)`;

/** Share of the cores that Go may use; the server has no metric of its load. */
const processor = (window: string) =>
  serverProcess(`rate(process_cpu_seconds_total[${window}]) / go_sched_gomaxprocs_threads`);

/** What the server has to do, how it gets on, and how to have it scraped. */
export function nodeRows({ settings, objectives }: BoardContext): Row[] {
  const server = serverQueries(settings.recorded);
  const rate = serverRates(settings.recorded);
  const about = { by: ['instance'], window: '$__range' } as const;
  return [
    {
      title: 'Rooms, participants and tracks',
      panels: [
        timeseries({
          title: 'Rooms and participants',
          description:
            'Rooms and the participants in them. A call has two participants: if there are as many rooms as participants, agents do not come, or callers left and rooms stay.',
          unit: 'short',
          width: 8,
          empty: notScraped,
          colours: { participants: palette.neutral, rooms: palette.good },
          targets: [
            { expr: 'sum(livekit_participant_total)', legend: 'participants' },
            { expr: 'sum(livekit_room_total)', legend: 'rooms' },
          ],
        }),
        timeseries({
          title: 'Tracks',
          description:
            'Tracks that are published and subscribed to. A call has two audio tracks, each with a subscriber; fewer subscriptions than tracks: somebody is not heard.',
          unit: 'short',
          width: 8,
          empty: noStreams,
          legendAt: 'right',
          targets: [
            {
              expr: 'sum by (kind) (livekit_track_published_total)',
              legend: 'published {{kind}}',
            },
            {
              expr: 'sum by (kind) (livekit_track_subscribed_total)',
              legend: 'subscribed {{kind}}',
            },
          ],
        }),
        timeseries({
          title: 'Failed publish and subscribe attempts',
          description:
            'Share of the attempts that had no success and were not cancelled. A caller whose track is not published is not heard; an agent that does not get its subscription hears nothing.',
          unit: 'percentunit',
          reach: 0.01,
          width: 8,
          empty: noStreams,
          colours: { publishing: palette.p95, subscribing: palette.neutral },
          targets: (
            [
              ['publishing', 'livekit_track_publish_counter'],
              ['subscribing', 'livekit_track_subscribe_counter'],
            ] as const
          ).map(([legend, counter]) => ({
            // An attempt at the end of a step succeeds in the next one.
            expr: `clamp_min(1 - ${rate(counter, '', '{state=~"success|cancel"}')} / (${rate(counter, '', '{state="attempt"}')} > 0), 0)`,
            legend,
          })),
        }),
      ],
    },
    {
      title: 'Nodes',
      panels: [
        timeseries({
          title: 'Processor by node',
          description:
            "Share of its cores that LiveKit's server uses. Near 100 % it forwards late, and packets are lost: add nodes.",
          unit: 'percentunit',
          reach: 1,
          width: 8,
          empty: notScraped,
          legendAt: 'right',
          targets: [
            {
              expr: settings.recorded
                ? `max by (instance) (avg_over_time(${nameByRange(nodeCpu)}[$__rate_interval]))`
                : processor('$__rate_interval'),
              legend: '{{instance}}',
            },
          ],
        }),
        timeseries({
          title: 'Time to connect',
          description:
            'From the request to join until the participant can send and receive. Callers wait for it before the first word; if it grows, look at TURN, and at the way to the server.',
          unit: 'ms',
          width: 8,
          empty: 'LiveKit server not scraped, or nobody joined in this time range',
          colours: percentileColours,
          targets: [50, 95, 99].map((percentile) => ({
            expr: `histogram_quantile(${percentile / 100}, ${rate('livekit_session_start_time_ms_bucket', ' by (le) ')}) >= 0`,
            legend: `p${percentile}`,
          })),
        }),
        timeseries({
          title: 'Traffic',
          description:
            'Bytes per second through all nodes. The costs of the network follow from what goes out.',
          unit: 'Bps',
          width: 8,
          empty: notScraped,
          colours: { incoming: palette.p95, outgoing: palette.p50 },
          targets: [
            {
              expr: rate('livekit_packet_bytes', ' by (direction) '),
              legend: '{{direction}}',
            },
          ],
        }),
      ],
    },
    {
      panels: [
        table({
          title: 'Nodes in detail',
          description:
            'Is it the network of all, or a single node? Loss, round trip and jitter are those of this time range; the worst loss comes first. Dropped: packets that the host itself threw away since the server was started; its queues are full.',
          width: 24,
          height: 6,
          empty: notScraped,
          sortBy: 'Audio lost',
          keys: [{ label: 'instance', title: 'Node', width: 220 }],
          columns: [
            {
              title: 'Audio lost',
              unit: 'percentunit',
              decimals: 2,
              expr: server.mean('livekit_packet_loss_percent', about),
              limits: { bad: objectives.networkLossRatio },
            },
            {
              title: 'Round trip p95',
              unit: 's',
              decimals: 0,
              expr: server.quantile(0.95, 'livekit_rtt_ms', about),
              limits: { bad: objectives.networkRttSeconds },
            },
            {
              title: 'Jitter p95',
              unit: 's',
              decimals: 0,
              expr: server.quantile(0.95, 'livekit_jitter_us', about),
              limits: { bad: objectives.networkJitterSeconds },
            },
            {
              title: 'Quality',
              unit: 'short',
              decimals: 2,
              expr: server.mean('livekit_quality_score', about),
              limits: { warning: 4, bad: 3.5, falling: true },
            },
            { title: 'Rooms', unit: 'short', expr: 'sum by (instance) (livekit_room_total)' },
            {
              title: 'Participants',
              unit: 'short',
              expr: 'sum by (instance) (livekit_participant_total)',
            },
            {
              title: 'Dropped',
              unit: 'short',
              expr: 'sum by (instance) (livekit_node_packet_total{type="dropped"})',
              limits: { bad: 1 },
            },
            {
              title: 'Processor',
              unit: 'percentunit',
              decimals: 0,
              expr: settings.recorded ? `max by (instance) (${nodeCpu})` : processor('5m'),
              limits: { bad: 0.8 },
            },
            { title: 'Memory', unit: 'bytes', expr: serverProcess('process_resident_memory_bytes') },
            {
              title: 'Started',
              unit: 'dateTimeFromNow',
              expr: `${serverProcess('process_start_time_seconds')} * 1000`,
            },
          ].map((column) => ({ width: 125, ...column })),
        }),
      ],
    },
    {
      panels: [
        text({
          title: "How to scrape LiveKit's server",
          description:
            "What has to be in the server's and in Prometheus' configuration for this board to show the network.",
          width: 24,
          height: 8,
          content: scrapeInstructions,
        }),
      ],
    },
  ];
}

const scrapeInstructions = `Turn latency, transcription and playback come from your agents. All else on this board comes from a LiveKit server of your own; LiveKit Cloud has no metrics to scrape.

\`\`\`yaml
# livekit.yaml                              # prometheus.yml, below scrape_configs
prometheus:                                 - job_name: livekit-server
  port: 6789                                  static_configs: [{ targets: ['livekit-1.example.com:6789'] }]
  username: prometheus  # if others reach it  basic_auth: { username: prometheus, password_file: /etc/prometheus/livekit }
  password: …
\`\`\`

The server knows rooms and countries, not agents: the filters above apply to what comes from agents only. Incoming is what callers *and* agents send, outgoing is what they receive.`;
