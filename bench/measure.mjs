import { cpus } from 'node:os';

/** CPU time that this process has used on all its threads, garbage collection included, in microseconds. */
export function cpuTime() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** How busy the whole machine has been since then, 0 to 1: whoever shares it is measured too. */
export function watchMachine() {
  const read = () => {
    const times = cpus().map((cpu) => cpu.times);
    const idle = times.reduce((sum, each) => sum + each.idle, 0);
    return {
      idle,
      all: times.reduce((sum, { user, nice, sys, irq }) => sum + user + nice + sys + irq, idle),
    };
  };
  const before = read();
  return () => {
    const now = read();
    return 1 - (now.idle - before.idle) / (now.all - before.all);
  };
}

/** The moment, in milliseconds, on a clock that all processes of this machine share (CLOCK_MONOTONIC). */
export function monotonic() {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

/** The value below which the share `q` (0 to 1) of `values` lies. */
export function quantile(values, q) {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

export const median = (values) => quantile(values, 0.5);

/**
 * Measures several things in turn, A B A B …, so that whatever else the machine does meanwhile meets all of
 * them alike. The first `warmUps` rounds of each are thrown away.
 *
 * @returns the results of each, in the order of the rounds
 */
export async function alternate(rounds, measures, warmUps = 1) {
  const results = Object.fromEntries(Object.keys(measures).map((name) => [name, []]));
  for (let round = -warmUps; round < rounds; round++) {
    for (const [name, measure] of Object.entries(measures)) {
      const result = await measure();
      if (round >= 0) results[name].push(result);
    }
  }
  return results;
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until `holds()`; false: it does not after `deadlineMs` milliseconds. */
export async function until(holds, deadlineMs = 10_000) {
  const deadline = performance.now() + deadlineMs;
  while (!(await holds())) {
    if (performance.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}
