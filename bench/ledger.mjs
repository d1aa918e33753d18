import { openSync, readFileSync, writeSync } from 'node:fs';
import { catalogue } from '../build/catalogue/metrics.js';
import { same } from './exposition.mjs';

/**
 * What a job says that it has recorded, by itself: how many values its histograms observed, and the sum of
 * what its counters were increased by. Gauges are looked at on their own, and so is the number of sessions, to
 * which the worker adds those that crashed.
 */
export class Ledger {
  observed = 0;
  increased = 0;

  add({ metric, value }) {
    if (catalogue[metric].type === 'histogram') this.observed++;
    else if (catalogue[metric].type === 'counter' && metric !== ended) this.increased += value;
  }

  /** Opens a file to which `write` puts the ledger: at once, so that it survives a SIGKILL. */
  open(file) {
    this.file = openSync(file, 'w');
  }

  write() {
    writeSync(this.file, Float64Array.of(this.observed, this.increased), 0, 16, 0);
  }
}

const ended = 'lk_agents_sessions_total';

/** The ledger that was last written to a file. */
export function readLedger(file) {
  const bytes = readFileSync(file);
  return { observed: bytes.readDoubleLE(0), increased: bytes.readDoubleLE(8) };
}

/** The ledger of what an exposition shows under a version of the agent. */
export function exposedLedger(samples, version) {
  const ledger = { observed: 0, increased: 0 };
  for (const [key, value] of samples) {
    if (!key.startsWith('lk_agents_') || !key.includes(`agent_version="${version}"`)) continue;
    const name = key.slice(0, key.indexOf('{'));
    if (name.endsWith('_count')) ledger.observed += value;
    else if (catalogue[name]?.type === 'counter' && name !== ended) ledger.increased += value;
  }
  return ledger;
}

export const equal = (a, b) => a.observed === b.observed && same(a.increased, b.increased);

/** Whether everything in `part` is in `whole` too. */
export const covers = (whole, part) =>
  whole.observed >= part.observed &&
  (whole.increased >= part.increased || same(whole.increased, part.increased));
