import type { Matchers } from '../../promql/series.ts';
import { siblingMeasures } from '../../rules/version-verdicts.ts';
import { versionMeasures } from '../../rules/versions.ts';
import { derived } from '../house/derived.ts';

type Measure = keyof typeof versionMeasures;

/** The versions that the reader has chosen. */
export const chosen: Matchers = { agent_name: { re: '$agent' }, agent_version: { re: '$version' } };

/** A recorded series of versions, without its name, so that columns of a table meet. */
export const ofVersions = (name: string): string =>
  `max by (agent_name, agent_version) (${derived(name, chosen)})`;

/** A measure of each version over the last hour. */
export const own = (measure: Measure): string => ofVersions(versionMeasures[measure]);

/** The p95 against that of the other versions: 0.2 is a fifth slower. */
export const slowdown = `${derived(versionMeasures.latency, chosen)} / ${siblingMeasures.latency} - 1`;

/** A share against that of the other versions: 0.05 is five of a hundred more. */
export const excess = (measure: Exclude<Measure, 'latency'>): string =>
  `${derived(versionMeasures[measure], chosen)} - ${siblingMeasures[measure]}`;

/** Why there may be nothing to compare. */
export const noSiblings = 'No two versions to compare, or no recording rules';
