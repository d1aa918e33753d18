import type { Identity } from '../../catalogue/types.ts';
import type { Recorder } from '../../metrics/recorder.ts';
import type { RelayClient } from '../relay/client.ts';
import { RecordingsByJob } from './job-recordings.ts';
import type { JobTelemetry } from './job-telemetry.ts';
import type { Defaults, SessionObservation } from './observe-options.ts';

/**
 * The state that the sessions of one process share: which are observed, where they record, which session owns an event. It
 * is stored on the process rather than in a module, because a process may load Talkgauge twice (`talkgauge/register` and an
 * agent's own import from another folder).
 */
export interface ProcessState {
  /** Set by `monitor`: sessions that run in the worker's own process record here. */
  recorder?: Recorder;
  /** The recorder of a process without a worker; it is not served. */
  own?: Recorder;
  /** One connection to the worker for each identity; a job has one. */
  relays: Map<string, RelayClient>;
  observed: WeakMap<object, SessionObservation>;
  /** The speeches of each observed session. */
  speeches: Set<{ has(speechId: string): boolean }>;
  /** Events of shared instances, which reach each session: the first session to receive one counts it. */
  claimed: WeakSet<object>;
  /** Traces and logs of this process; null: no backend is configured. */
  telemetry?: JobTelemetry | null;
  /** The options of `monitor` in the agent's file: the defaults for sessions. */
  defaults?: Defaults;
  /** The identity of the last observed session. */
  identity?: Identity;
  /** false: audio is switched off explicitly. */
  audio?: false;
  /** The recordings of jobs: `recordings.of(ctx.job.id).note({ … })`. */
  recordings: RecordingsByJob;
}

const key = Symbol.for('talkgauge.process');

export function processState(): ProcessState {
  const holder = globalThis as { [key]?: ProcessState };
  holder[key] ??= {
    relays: new Map(),
    observed: new WeakMap(),
    speeches: new Set(),
    claimed: new WeakSet(),
    recordings: new RecordingsByJob(),
  };
  return holder[key];
}
