import type { Identity } from '../decode/identity.ts';
import { merged } from '../decode/identity.ts';
import { emptyBatch, type SessionBatch, sessionOf } from '../decode/records.ts';

/** What an upload says, session by session. */
export class Batches {
  readonly #bySession = new Map<string, SessionBatch>();
  /** Records that belong to no session. */
  ownerless = 0;

  /** The batch of a record's session; undefined if it has none. */
  of(identity: Identity): SessionBatch | undefined {
    const session = sessionOf(identity);
    if (session === undefined) {
      this.ownerless++;
      return undefined;
    }
    const batch = this.#bySession.get(session) ?? emptyBatch(identity);
    batch.identity = merged(batch.identity, identity);
    this.#bySession.set(session, batch);
    return batch;
  }

  all(): SessionBatch[] {
    return [...this.#bySession.values()];
  }
}
