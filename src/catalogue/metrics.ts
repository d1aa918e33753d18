import { cost } from './cost.ts';
import { detectors } from './detectors.ts';
import { models } from './models.ts';
import { recordings } from './recordings.ts';
import { selfMonitoring } from './self-monitoring.ts';
import { sessions } from './sessions.ts';
import { turns } from './turns.ts';
import type { LabelValues, MetricSpec } from './types.ts';
import { usage } from './usage.ts';
import { worker } from './worker.ts';

/** The catalogue: every series that Talkgauge exposes, by its exposed name. */
export const metrics = {
  ...turns,
  ...models,
  ...detectors,
  ...usage,
  ...cost,
  ...sessions,
  ...recordings,
  ...worker,
  ...selfMonitoring,
} as const;

export type MetricName = keyof typeof metrics;

type Values<V extends LabelValues> = V extends readonly (infer T)[] ? T : string;

/** The labels of a series, without the common ones; a misspelt name or value does not compile. */
export type Labels<M extends MetricName> = {
  readonly [L in keyof (typeof metrics)[M]['labels']]: Values<
    Extract<(typeof metrics)[M]['labels'][L], LabelValues>
  >;
};

/** The catalogue as plain data, for code that goes over all of it. */
export const catalogue: Readonly<Record<string, MetricSpec>> = metrics;

export const isMetric = (name: string): name is MetricName => Object.hasOwn(metrics, name);
