import type { Specs } from './model.d.mts';

/** What a real Prometheus counts for each board of a small fleet, and what the model says; `off` is the difference as a share. */
export function compared(
  specs: Specs,
  boards: { boards: readonly { name: string; board: object }[]; groups: readonly object[] },
  range: number,
): Promise<{ name: string; counted: number; modelled: number; off: number }[]>;
