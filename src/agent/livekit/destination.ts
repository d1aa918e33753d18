import type { Sink } from '../../catalogue/observation.ts';
import type { Identity } from '../../catalogue/types.ts';
import { createRecorder, type Recorder } from '../../metrics/recorder.ts';
import { Options } from '../../options.ts';
import { openPrices, pricesVariable } from '../../pricing/cost.ts';
import { forwardOpenTelemetry } from '../otel/forward.ts';
import { connectRelay } from '../relay/client.ts';
import { processState } from './process-state.ts';
import { isJobProcess } from './sdk.ts';

/**
 * The variable with the socket of the worker's relay; `monitor` sets it before the first job is forked, which inherits it.
 */
export const socketVariable = 'TALKGAUGE_SOCKET';

/** How long the end of a job may wait for a slow worker, in milliseconds. */
const flushDeadline = 2_000;

export interface Destination {
  sink: Sink;
  recorder: Recorder | undefined;
  /** Whether the samples are served: by a worker, or by this process's own `monitor`. A local registry is not served. */
  served: boolean;
  /** Waits until all recorded samples have left this process. */
  flush(): Promise<void>;
}

/** The destination of this process's samples: the worker, if there is one, otherwise its own registry. */
export function destination(identity: Identity, openTelemetry: boolean): Destination {
  const shared = processState();
  const path = process.env[socketVariable];
  if (!shared.recorder && path && isJobProcess()) {
    const key = JSON.stringify(identity);
    const relay = shared.relays.get(key) ?? connectRelay({ path, identity });
    shared.relays.set(key, relay);
    const stopForwarding = openTelemetry ? forwardOpenTelemetry({ record: relay.record }) : () => {};
    return {
      sink: relay.record,
      recorder: undefined,
      served: true,
      async flush() {
        // A last measurement is recorded.
        stopForwarding();
        await relay.flush(flushDeadline);
      },
    };
  }
  if (!shared.recorder) shared.recorder = shared.own = recorderOfThisProcess(identity);
  const recorder = shared.recorder;
  recorder.introduce(identity);
  return {
    sink: (observation) => recorder.record(observation, identity),
    recorder,
    served: recorder !== shared.own,
    flush: async () => {},
  };
}

/** A recorder for a process without a worker, for the lifetime of the process. */
function recorderOfThisProcess(identity: Identity): Recorder {
  const file = new Options().string('', [pricesVariable]);
  const { derivation, states } = openPrices({ file, option: pricesVariable });
  return createRecorder({ identity: () => identity, derivation, states });
}
