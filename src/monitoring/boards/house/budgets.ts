import type { Objective } from '../../../catalogue/objectives.ts';
import type { SloWindow } from '../../rules/slo.ts';
import { derived } from './derived.ts';
import type { Promised } from './promises.ts';

/** The share of bad events that an objective allows. */
export const allowed = ({ ratio }: Objective): number => Number((1 - ratio).toFixed(6));

/** The agents that the reader has chosen; budgets are kept by agent, over all of its versions. */
const chosen = { agent_name: { re: '$agent' } } as const;

const errors = (promise: Promised, window: SloWindow): string =>
  derived(promise.errors(window), { ...promise.where, ...chosen });

/** How a promise was kept in the last 30 days, by agent: the share of good events. */
export const attained = (promise: Promised): string => `1 - ${errors(promise, '30d')}`;

/** Likewise, over all agents: busy ones weigh more. */
export function attainedByAll(promise: Promised): string {
  const events = derived(promise.events('30d'), chosen);
  // Not `on (agent_name)`: there may be one of each for each region.
  return `1 - sum(${errors(promise, '30d')} * ignoring (objective) ${events}) / (sum(${events}) > 0)`;
}

/** What is left of an error budget of 30 days, by agent: 1 is all of it; below 0, more than there was has been spent. */
export const budgetLeft = (promise: Promised): string =>
  `1 - ${errors(promise, '30d')} / ${allowed(promise.objective)}`;

/** How many times as fast as allowed an error budget is being spent, by agent. */
export const burnRate = (promise: Promised, window: SloWindow): string =>
  `${errors(promise, window)} / ${allowed(promise.objective)}`;
