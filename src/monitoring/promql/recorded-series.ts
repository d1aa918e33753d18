import { cost } from '../../catalogue/cost.ts';
import { detectors } from '../../catalogue/detectors.ts';
import type { MetricName } from '../../catalogue/metrics.ts';
import { models } from '../../catalogue/models.ts';
import { recordings } from '../../catalogue/recordings.ts';
import { selfMonitoring } from '../../catalogue/self-monitoring.ts';
import { sessions } from '../../catalogue/sessions.ts';
import { turns } from '../../catalogue/turns.ts';
import { commonLabels, type MetricSpec } from '../../catalogue/types.ts';
import { usage } from '../../catalogue/usage.ts';
import { worker } from '../../catalogue/worker.ts';

/** How often recording rules are evaluated, in seconds: one sample a minute keeps 30 days at 43,200 per series. */
export const recordingInterval = 60;

/** The window of recorded rates: four scrapes of a minute's interval may be missed, or one may be late. */
export const recordedWindow = '5m';
export const recordedSeconds = 300;

/** A group of the catalogue whose rates are recorded, and what is left of the labels. */
export interface RecordedGroup {
  name: string;
  metrics: Readonly<Record<string, MetricSpec>>;
  /** `agent`: summed over workers; `worker`: each worker's own. It begins the names of the recorded series. */
  level: 'agent' | 'worker';
}

export const recordedGroups: readonly RecordedGroup[] = [
  { name: 'turns', metrics: turns, level: 'agent' },
  { name: 'models', metrics: models, level: 'agent' },
  { name: 'detectors', metrics: detectors, level: 'agent' },
  { name: 'usage', metrics: usage, level: 'agent' },
  { name: 'cost', metrics: cost, level: 'agent' },
  { name: 'sessions', metrics: sessions, level: 'agent' },
  { name: 'recordings', metrics: recordings, level: 'agent' },
  { name: 'workers', metrics: worker, level: 'worker' },
  { name: 'self', metrics: selfMonitoring, level: 'worker' },
];

const groupOf = new Map(
  recordedGroups.flatMap((group) => Object.keys(group.metrics).map((metric) => [metric, group] as const)),
);

/** What of a histogram, or which counter, is recorded: the exposed name of the raw series. */
export type SeriesSuffix = '' | '_bucket' | '_sum' | '_count';

/** The recorded rate of a series: where it is, and which labels it has kept beside the user's own. */
export interface Recorded {
  name: string;
  labels: readonly string[];
}

/** @param raw the name of a counter, or of a histogram's part */
export function recordedRate(metric: MetricName, part: SeriesSuffix): Recorded {
  const group = groupOf.get(metric);
  const spec = group?.metrics[metric];
  if (!group || !spec) throw new Error(`${metric} is in no recorded group; add its group to recordedGroups`);
  const target = group.level === 'worker' ? ['job', 'instance'] : [];
  return {
    name: `${group.level}:${`${metric}${part}`.replace(/_total$/, '')}:rate${recordedWindow}`,
    labels: [...target, ...commonLabels, ...Object.keys(spec.labels), ...(part === '_bucket' ? ['le'] : [])],
  };
}

/** The parts of a metric that are recorded. */
export const suffixesOf = ({ type }: MetricSpec): readonly SeriesSuffix[] =>
  type === 'histogram' ? ['_bucket', '_sum', '_count'] : type === 'counter' ? [''] : [];

/** Boards over weeks read rates and means of half an hour, of which there is a sample each half hour. */
export const longWindow = '30m';
export const longInterval = 1800;

/** Points of a chart, at most: two or three pixels each in a chart of half the width of a screen. */
export const maxPoints = 360;

/**
 * From this time range on, in seconds, a point of a chart stands for half an hour or more. Grafana rounds a step of 25 minutes up to
 * half an hour.
 */
export const longRangeSeconds = maxPoints * 1500;

/**
 * Boards choose by their time range which recorded series they read. The value of this hidden variable is the window at the end of
 * their names, and its text the seconds between two of their samples.
 */
export const resolution = { variable: 'window', value: '$window', seconds: '${window:text}' } as const;

/** What Prometheus is asked for the variable: one series, with the window as a label and the seconds as its value. */
export const resolutionQuery =
  `label_replace(vector(${recordingInterval}) and on () vector($__range_s) < ${longRangeSeconds}, "window", "${recordedWindow}", "", "") ` +
  `or on () label_replace(vector(${longInterval}), "window", "${longWindow}", "", "")`;

/** How the two are found in the answer: `{window="5m"} 60 1700000000000`. */
export const resolutionPattern = '/window="(?<value>\\w+)"\\} (?<text>\\d+) /';

const window = new RegExp(`${recordedWindow}$`);

/** The series of half hours, by the name of the recorded one that it is made of. */
export const longName = (recorded: string): string => recorded.replace(window, longWindow);

/** The recorded series that fits a board's time range. */
export const nameByRange = (recorded: string): string => recorded.replace(window, resolution.value);

/** A rate of half an hour. Where nothing was counted for a part of it, that part counts as none. */
export const longExpr = (recorded: string): string =>
  `sum_over_time(${recorded}[${longWindow}]) / ${longInterval / recordingInterval}`;

/** Histograms of each worker that boards read; the others of a large fleet would be too many series to record twice. */
const longWorkerHistograms: readonly string[] = [
  'lk_agents_proc_initialize_duration_seconds_bucket',
  'lk_agents_event_loop_blocked_duration_seconds_count',
];

/** Whether there are rates of half an hour. */
export const hasLongRate = (metric: MetricName, part: SeriesSuffix): boolean =>
  recordedRate(metric, part).name.startsWith('agent:') ||
  part === '' ||
  longWorkerHistograms.includes(`${metric}${part}`);

/**
 * Boards that can be filtered by worker read series of each worker when somebody does, and else those of all workers of an agent:
 * this hidden variable begins their names.
 */
export const level = { variable: 'level', value: '$level' } as const;

/** What Prometheus is asked for it: `.*` is what the filter is with All. */
export const levelQuery =
  'label_replace(label_replace(label_replace(vector(1), "level", "worker", "", ""), ' +
  '"filter", "$worker", "", ""), "level", "agent", "filter", "\\\\.\\\\*")';
export const levelPattern = '/level="(\\w+)"/';

/** The series of all workers of an agent, by the name of the recorded one of each worker. */
export const agentSeries = (recorded: string): string => recorded.replace(/^worker:/, 'agent:');

/** The recorded series that fits a board's filter of workers. */
export const nameByLevel = (recorded: string): string => recorded.replace(/^worker:/, `${level.value}:`);
