import type { Identity } from '../../catalogue/types.ts';
import type { Recorder } from '../../metrics/recorder.ts';

/** Counts the sessions that run, and that no job counts. */
export class ActiveSessions {
  readonly #recorder: Recorder;
  readonly #running = new Map<string, Identity>();

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
  }

  enter(id: string, identity: Identity): void {
    const known = this.#running.get(id);
    if (known?.agent_name === identity.agent_name && known.agent_version === identity.agent_version) return;
    this.leave(id);
    this.#running.set(id, identity);
    this.#recorder.introduce(identity);
    this.#add(identity, 1);
  }

  leave(id: string): void {
    const identity = this.#running.get(id);
    if (!identity) return;
    this.#running.delete(id);
    this.#add(identity, -1);
  }

  #add(identity: Identity, value: number): void {
    this.#recorder.record({ metric: 'lk_agents_sessions_active', labels: {}, value }, identity);
  }
}
