import type { Derivation } from '../catalogue/observation.ts';

/** Of a series, what is needed here. */
interface Addable {
  add(value: number): void;
}

/**
 * Adds to all series that are derived from one. Which these are is asked once for each revision.
 *
 * @param find the series of a metric and labels, or undefined when it is refused, which it counts
 */
export function deriving(
  derivation: Derivation,
  labels: Readonly<Record<string, string>>,
  find: (metric: string, labels: Readonly<Record<string, string>>) => Addable | undefined,
): (value: number) => void {
  let revision: number | undefined;
  let found: { series: Addable | undefined; factor: number }[] = [];
  return (value) => {
    const { revision: current } = derivation;
    // One that was refused is asked for again, so that each loss is counted.
    if (current !== revision || found.some(({ series }) => !series)) {
      revision = current;
      found = derivation
        .of(labels)
        .map(({ metric, labels: of, factor }) => ({ series: find(metric, of), factor }));
    }
    for (const { series, factor } of found) series?.add(value * factor);
  };
}
