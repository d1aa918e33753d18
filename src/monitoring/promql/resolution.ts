import type { MetricName } from '../../catalogue/metrics.ts';
import { type Part, recordedRate, recordedWindow, recordingInterval } from './recorded.ts';

/** Boards over weeks read rates and means of half an hour, of which there is a sample each half hour. */
export const longWindow = '30m';
export const longInterval = 1800;

/** Points of a chart, at most: two or three pixels each in a chart of half the width of a screen. */
export const maxPoints = 360;

/**
 * From this time range on, in seconds, a point of a chart stands for half an hour or more. Grafana rounds a step of 25 minutes up to
 * half an hour.
 */
export const longFrom = maxPoints * 1500;

/**
 * Boards choose by their time range which recorded series they read. The value of this hidden variable is the window at the end of
 * their names, and its text the seconds between two of their samples.
 */
export const resolution = { variable: 'window', value: '$window', seconds: '${window:text}' } as const;

/** What Prometheus is asked for the variable: one series, with the window as a label and the seconds as its value. */
export const resolutionQuery =
  `label_replace(vector(${recordingInterval}) and on () vector($__range_s) < ${longFrom}, "window", "${recordedWindow}", "", "") ` +
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
const longOfWorkers: readonly string[] = [
  'lk_agents_proc_initialize_duration_seconds_bucket',
  'lk_agents_event_loop_blocked_duration_seconds_count',
];

/** Whether there are rates of half an hour. */
export const isLong = (metric: MetricName, part: Part): boolean =>
  recordedRate(metric, part).name.startsWith('agent:') ||
  part === '' ||
  longOfWorkers.includes(`${metric}${part}`);

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
export const nameOfAgent = (recorded: string): string => recorded.replace(/^worker:/, 'agent:');

/** The recorded series that fits a board's filter of workers. */
export const nameByLevel = (recorded: string): string => recorded.replace(/^worker:/, `${level.value}:`);
