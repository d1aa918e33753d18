import { nameByRange, recordedWindow, recordingInterval, resolution } from './recorded-series.ts';

/**
 * Histograms of LiveKit's server (`pkg/telemetry/prometheus`, v1.13.5) of which the rates are recorded: the labels that are kept,
 * and what is left out. It observes once every few seconds for each stream.
 */
export const audioStreams = {
  livekit_packet_loss_percent: { labels: ['direction'], where: '{type="AUDIO"}', unit: 100 },
  livekit_rtt_ms: { labels: ['direction'], where: '{type="AUDIO"}', unit: 1000 },
  livekit_jitter_us: { labels: ['direction'], where: '{type="AUDIO"}', unit: 1_000_000 },
  livekit_quality_score: { labels: [], where: '', unit: 1 },
} as const;

export type AudioStreamMetric = keyof typeof audioStreams;

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
  function growth(metric: AudioStreamMetric, part: ServerSuffix, about: StreamQuery, le = false): string {
    const { by = [], direction, window = '$__rate_interval' } = about;
    const { where } = audioStreams[metric];
    const labels = [...by, ...(le ? ['le'] : [])];
    const sum = labels.length > 0 ? `sum by (${labels.join(', ')}) ` : 'sum';
    const matcher = direction ? `direction="${direction}"` : '';
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
