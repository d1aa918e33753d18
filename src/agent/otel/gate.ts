import type { Sink } from '../../catalogue/observation.ts';

export type Log = (message: string) => void;

/** Instruments outlive the provider, and their callers expect them never to throw. */
export function createGate(record: Sink, log: Log): { record: Sink; close(): void } {
  let open = true;
  const once = logOnce(log);
  return {
    record(observation) {
      if (!open) return;
      try {
        record(observation);
      } catch (error) {
        once(`A measurement of ${observation.metric} was lost: ${error}`);
      }
    },
    close() {
      open = false;
    },
  };
}

/** Says each thing once; after a hundred different ones, nothing more. */
export function logOnce(log: Log): Log {
  const said = new Set<string>();
  return (message) => {
    if (said.has(message) || said.size >= 100) return;
    said.add(message);
    log(message);
  };
}
