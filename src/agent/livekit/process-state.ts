import type { Identity } from '../../catalogue/types.ts';
import type { Recorder } from '../../metrics/recorder.ts';
import type { RelayClient } from '../relay/client.ts';
import { RecordingsByJob } from './job-recordings.ts';
import type { JobTelemetry } from './job-telemetry.ts';
import type { Defaults, SessionObservation } from './observe-options.ts';

/**
 * What the sessions of one process must share: which are observed, where they record, whose an event is.
 * A process may load Talkgauge twice (`talkgauge/register` and an agent's own import from another folder), so
 * it hangs on the process and not on the module.
 */
export interface ProcessState {
  /** Set by `monitor`: sessions that run in the worker's own process record here. */
  recorder?: Recorder;
  /** The recorder of a process without a worker; it is not served. */
  own?: Recorder;
  /** One connection to the worker for each identity; a job has one. */
  relays: Map<string, RelayClient>;
  observed: WeakMap<object, SessionObservation>;
  /** Which speeches each observed session has made. */
  speeches: Set<{ has(speechId: string): boolean }>;
  /** Events of instances that sessions share, which reach each of them: the first to have one counts it. */
  claimed: WeakSet<object>;
  /** Traces and logs of this process; null: there is no backend for them. */
  telemetry?: JobTelemetry | null;
  /** The options of `monitor`, which stands in the agent's file: those of sessions that have none of their own. */
  defaults?: Defaults;
  /** Who the last session that was observed is about. */
  identity?: Identity;
  /** false: audio is switched off explicitly. */
  audio?: false;
  /** What jobs have recorded: `recordings.of(ctx.job.id).note({ … })`. */
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
