import type { Objective, Objectives } from '../../../catalogue/objectives.ts';
import type { Matchers } from '../../promql/series.ts';
import {
  type SloWindow,
  sessionErrors,
  sessionSamples,
  turnLatencyErrors,
  turnLatencySamples,
} from '../../rules/slo.ts';
import { recordedSeries } from './queries.ts';

/** A service level objective, and the recorded series that measure it. */
export interface ServiceLevelObjective {
  /** A short title. */
  name: string;
  /** Its subject. */
  of: 'turns' | 'sessions';
  objective: Objective;
  /** The share of bad events. */
  errors: (window: SloWindow) => string;
  /** How many events there were. */
  events: (window: SloWindow) => string;
  /** The matchers of the recorded series. */
  where: Matchers;
}

/** The three objectives, in the order on boards. */
export const serviceLevelObjectives = ({
  turnLatency,
  turnLatencyTail,
  sessionSuccess,
}: Objectives): ServiceLevelObjective[] => [
  {
    name: `turns in ${turnLatency.seconds} s`,
    of: 'turns',
    objective: turnLatency,
    errors: turnLatencyErrors,
    events: turnLatencySamples,
    where: { objective: 'target' },
  },
  {
    name: `turns in ${turnLatencyTail.seconds} s`,
    of: 'turns',
    objective: turnLatencyTail,
    errors: turnLatencyErrors,
    events: turnLatencySamples,
    where: { objective: 'tail' },
  },
  {
    name: 'sessions',
    of: 'sessions',
    objective: sessionSuccess,
    errors: sessionErrors,
    events: sessionSamples,
    where: {},
  },
];

/** The share of bad events that an objective allows. */
export const allowed = ({ ratio }: Objective): number => Number((1 - ratio).toFixed(6));

/** The agents that the reader has chosen; budgets are kept by agent, over all of its versions. */
const selectedAgents = { agent_name: { re: '$agent' } } as const;

const errors = (promise: ServiceLevelObjective, window: SloWindow): string =>
  recordedSeries(promise.errors(window), { ...promise.where, ...selectedAgents });

/** The attainment of an objective in the last 30 days, by agent: the share of good events. */
export const attained = (promise: ServiceLevelObjective): string => `1 - ${errors(promise, '30d')}`;

/** Likewise, over all agents: busy ones weigh more. */
export function attainedOverall(promise: ServiceLevelObjective): string {
  const events = recordedSeries(promise.events('30d'), selectedAgents);
  // Not `on (agent_name)`: there may be one of each for each region.
  return `1 - sum(${errors(promise, '30d')} * ignoring (objective) ${events}) / (sum(${events}) > 0)`;
}

/** The remaining error budget of 30 days, by agent: 1 is all of it; below 0, it is overspent. */
export const budgetLeft = (promise: ServiceLevelObjective): string =>
  `1 - ${errors(promise, '30d')} / ${allowed(promise.objective)}`;

/** The burn rate of an error budget, by agent: 1 spends it exactly in 30 days. */
export const burnRate = (promise: ServiceLevelObjective, window: SloWindow): string =>
  `${errors(promise, window)} / ${allowed(promise.objective)}`;
