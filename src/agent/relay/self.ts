import type { Identity } from '../../catalogue/types.ts';
import type { Recorder, Series } from '../../metrics/recorder.ts';
import type { FrameResult } from './connection.ts';

/** What the relay counts of itself, under the worker's identity of the moment: a worker may learn its name late. */
export class RelaySelf {
  readonly #recorder: Recorder;
  #identity: Identity | undefined;
  #frames: Partial<Record<FrameResult, Series>> = {};

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
  }

  readonly frame = (result: FrameResult, count: number): void => {
    const identity = this.#recorder.identity();
    if (
      identity.agent_name !== this.#identity?.agent_name ||
      identity.agent_version !== this.#identity.agent_version
    ) {
      this.#identity = identity;
      this.#frames = {};
    }
    this.#frames[result] ??= this.#recorder.series('talkgauge_relay_frames_total', { result }, identity);
    this.#frames[result]?.add(count);
  };

  /** Counts that a job was not read from for a moment. */
  readonly throttled = (): void => {
    const identity = this.#recorder.identity();
    this.#recorder.series('talkgauge_relay_throttled_total', {}, identity)?.add(1);
  };

  /** Counts a connection; call what it returns when the connection is gone, and it is taken from where it was added. */
  connection(): () => void {
    const series = this.#recorder.series('talkgauge_relay_connections', {}, this.#recorder.identity());
    series?.add(1);
    return () => series?.add(-1);
  }
}
