/** How many of what a fleet has; see `fleet.mjs`. */
export type Fleet = Readonly<Record<string, number | Readonly<Record<string, number>>>>;

/** A query as Grafana sends it, and the samples that Prometheus reads for it. */
export interface Query {
  panel: string;
  expr: string;
  samples: number;
}

/** What is scraped: the catalogue, and what the gateway says of itself. */
export interface Specs {
  catalogue: object;
  gateway: object;
}

/** @throws {Error} for a series that is neither scraped nor recorded */
export function modelOf(
  specs: Specs,
  groups: readonly object[],
  fleet: Fleet,
): { samplesOf(board: object, range: number): Query[] };

export function total(queries: readonly Query[]): number;
