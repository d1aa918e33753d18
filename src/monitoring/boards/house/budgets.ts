import type { Objective } from '../../../catalogue/objectives.ts';
import type { Matchers } from '../../promql/series.ts';
import { derived } from './derived.ts';

/** The share of bad events that an objective allows. */
const allowed = ({ ratio }: Objective): number => Number((1 - ratio).toFixed(6));

/** What is left of an error budget, from a recorded ratio over 30 days: 1 is all of it, below 0 more than there was is gone. */
export const budgetLeft = (errors: string, objective: Objective, where: Matchers): string =>
  `1 - ${derived(errors, where)} / ${allowed(objective)}`;

/** How many times as fast as allowed a budget is spent, from a recorded ratio over any window. */
export const burnRate = (errors: string, objective: Objective, where: Matchers): string =>
  `${derived(errors, where)} / ${allowed(objective)}`;
