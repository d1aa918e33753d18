import type { ObservedEvents, SessionEventName } from '../../session/events.ts';

/** An event of a session, when it was told. */
export interface Moment {
  /** Unix seconds. */
  at: number;
  /** What comes first among those of one moment. */
  rank: number;
  name: SessionEventName;
  event: ObservedEvents[SessionEventName];
}

/** The order in which the SDK tells what happens at once. */
export const order = {
  began: 0,
  speech: 1,
  detected: 2,
  asked: 3,
  failed: 4,
  measured: 5,
  answered: 6,
  tools: 7,
  done: 8,
  state: 9,
  closed: 10,
} as const;

/** The events of a session in the order in which they came, whatever the order in which they are added. */
export class Timeline {
  readonly #moments: Moment[] = [];

  /** @param at unix seconds; the event is stamped with it in the milliseconds of the SDK's events */
  add<E extends SessionEventName>(
    name: E,
    at: number,
    rank: keyof typeof order,
    event: Omit<ObservedEvents[E], 'createdAt' | 'type'>,
  ): void {
    const stamped = {
      type: name,
      createdAt: at * 1000,
      ...event,
    } as unknown as ObservedEvents[SessionEventName];
    this.#moments.push({ at, rank: order[rank], name, event: stamped });
  }

  moments(): Moment[] {
    return this.#moments.sort((a, b) => a.at - b.at || a.rank - b.rank);
  }
}
