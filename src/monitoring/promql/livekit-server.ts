import { boundMatcher } from './queries.ts';
import { nameByRange, recordedWindow, recordingInterval, resolution } from './recorded-series.ts';

/**
 * Histograms of LiveKit's server (`pkg/telemetry/prometheus`, v1.13.5) of which the rates are recorded: the labels that are kept,
 * what is left out, and bounds of buckets as far as an alert may need them. It observes once every five seconds for each stream
 * (`UpdateInterval` of `pkg/sfu/connectionquality`).
 */
export const audioStreams = {
  livekit_packet_loss_percent: {
    labels: ['direction'],
    where: '{type="AUDIO"}',
    unit: 100,
    bounds: [0, 0.1, 0.3, 0.5, 0.7, 1, 5, 10, 40],
  },
  livekit_rtt_ms: {
    labels: ['direction'],
    where: '{type="AUDIO"}',
    unit: 1000,
    bounds: [50, 100, 150, 200, 250, 500, 750, 1000, 5000],
  },
  livekit_jitter_us: {
    labels: ['direction'],
    where: '{type="AUDIO"}',
    unit: 1_000_000,
    bounds: [1000, 10_000, 30_000, 50_000, 70_000, 100_000, 300_000, 600_000],
  },
  livekit_quality_score: { labels: [], where: '', unit: 1, bounds: [] },
} as const;

export type AudioStreamMetric = keyof typeof audioStreams;

/** Observations of one stream in ten minutes. */
export const observationsPerStream = 120;

export const serverSuffixes = ['_bucket', '_sum', '_count'] as const;
type ServerSuffix = (typeof serverSuffixes)[number];

export const recordedServerRate = (metric: string, part: ServerSuffix): string =>
  `node:${metric}${part}:rate${recordedWindow}`;

/** The labels of streams: the node of the server, and the direction. */
export interface StreamQuery {
  by?: readonly ('instance' | 'direction')[];
  direction?: 'incoming' | 'outgoing';
  /** @default a step of the panel */
  window?: string;
}

/**
 * PromQL over LiveKit's server, in base units: seconds and ratios. Neither the filters of a board nor the settings' matchers apply,
 * because the server knows nothing of agents.
 */
export function serverQueries(recorded: boolean) {
  function growth(
    metric: AudioStreamMetric,
    part: ServerSuffix,
    about: StreamQuery,
    le: boolean | number = false,
  ): string {
    const { by = [], direction, window = '$__rate_interval' } = about;
    const { where } = audioStreams[metric];
    const labels = [...by, ...(le === true ? ['le'] : [])];
    const sum = labels.length > 0 ? `sum by (${labels.join(', ')}) ` : 'sum';
    const matcher = [
      ...(direction ? [`direction="${direction}"`] : []),
      ...(typeof le === 'number' ? [`le=~"${boundMatcher(le)}"`] : []),
    ].join(', ');
    if (recorded) {
      const of = matcher ? `{${matcher}}` : '';
      const byRange = window.startsWith('$__');
      const name = recordedServerRate(metric, part);
      const series = `${byRange ? nameByRange(name) : name}${of}`;
      return `${sum}(sum_over_time(${series}[${window}])) * ${byRange ? resolution.seconds : recordingInterval}`;
    }
    const all = [where.slice(1, -1), matcher].filter(Boolean).join(', ');
    return `${sum}(increase(${metric}${part}${all ? `{${all}}` : ''}[${window}]))`;
  }
  return {
    /** How many observations there were. */
    count: (metric: AudioStreamMetric, about: StreamQuery = {}): string => growth(metric, '_count', about),

    /** How many observations were above the last bound of a bucket that is not above `limit`, which is in base units. */
    countAbove: (limit: number, metric: AudioStreamMetric, about: StreamQuery = {}): string => {
      const { bounds, unit } = audioStreams[metric];
      const bound = bounds.findLast((bound) => bound <= limit * unit);
      const all = growth(metric, '_count', about);
      return bound === undefined ? all : `(${all} - ${growth(metric, '_bucket', about, bound)})`;
    },

    /** The mean of what was observed; nothing where nothing was. */
    mean: (metric: AudioStreamMetric, about: StreamQuery = {}): string =>
      `${growth(metric, '_sum', about)} / (${growth(metric, '_count', about)} > 0) / ${audioStreams[metric].unit}`,

    /** A quantile, from 0 to 1. */
    quantile: (q: number, metric: AudioStreamMetric, about: StreamQuery = {}): string =>
      `histogram_quantile(${q}, ${growth(metric, '_bucket', about, true)}) / ${audioStreams[metric].unit} >= 0`,

    /** How many observations there were between bounds: a heatmap. */
    buckets: (metric: AudioStreamMetric, about: StreamQuery = {}): string =>
      growth(metric, '_bucket', about, true),
  };
}
