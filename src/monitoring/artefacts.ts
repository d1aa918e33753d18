import { metricsReference } from './metrics-reference.ts';
import { priceReference } from './price-reference.ts';

/** A file that is made from the catalogue or the price list and committed. */
export interface Artefact {
  /** From the root of the repository, with `/`. */
  path: string;
  content: string;
}

/** All of them. They depend on the code alone: the same code makes the same bytes. */
export const artefacts = (): Artefact[] => [
  { path: 'docs/metrics.md', content: metricsReference() },
  { path: 'docs/prices.md', content: priceReference() },
];
