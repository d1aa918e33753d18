import type { Objective, Objectives } from '../../../catalogue/objectives.ts';
import type { Matchers } from '../../promql/series.ts';
import {
  type SloWindow,
  sessionErrors,
  sessionSamples,
  turnLatencyErrors,
  turnLatencySamples,
} from '../../rules/slo.ts';

/** A promise to callers, and the recorded series that tell how it is kept. */
export interface Promised {
  /** What is promised, short enough for a title. */
  name: string;
  /** What it is about. */
  of: 'turns' | 'sessions';
  objective: Objective;
  /** The share of bad events. */
  errors: (window: SloWindow) => string;
  /** How many events there were. */
  events: (window: SloWindow) => string;
  /** Which of the recorded series. */
  where: Matchers;
}

/** The three promises, in the order in which boards show them. */
export const promises = ({ turnLatency, turnLatencyTail, sessionSuccess }: Objectives): Promised[] => [
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
