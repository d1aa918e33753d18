import { cost } from '../../catalogue/cost.ts';
import { detectors } from '../../catalogue/detectors.ts';
import type { MetricName } from '../../catalogue/metrics.ts';
import { models } from '../../catalogue/models.ts';
import { recordings } from '../../catalogue/recordings.ts';
import { self } from '../../catalogue/self.ts';
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
  { name: 'self', metrics: self, level: 'worker' },
];

const groupOf = new Map(
  recordedGroups.flatMap((group) => Object.keys(group.metrics).map((metric) => [metric, group] as const)),
);

/** What of a histogram, or which counter, is recorded: the exposed name of the raw series. */
export type Part = '' | '_bucket' | '_sum' | '_count';

/** The recorded rate of a series: where it is, and which labels it has kept beside the user's own. */
export interface Recorded {
  name: string;
  labels: readonly string[];
}

/** @param raw the name of a counter, or of a histogram's part */
export function recordedRate(metric: MetricName, part: Part): Recorded {
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
export const partsOf = ({ type }: MetricSpec): readonly Part[] =>
  type === 'histogram' ? ['_bucket', '_sum', '_count'] : type === 'counter' ? [''] : [];
