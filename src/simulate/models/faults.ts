/** What can be made to go wrong, and where. */
export type Fault =
  /** The next frame that the STT hears breaks its connection. */
  | 'stt'
  /** The next synthesis fails once and succeeds when it is tried again. */
  | 'tts-once'
  /** The next synthesis fails for good. */
  | 'tts-fatal';

/** Things that are to go wrong in a call: a scene arms them, the model that they belong to sets them off. */
export class Faults {
  readonly #armed = new Map<Fault, number>();

  arm(fault: Fault, times = 1): void {
    this.#armed.set(fault, (this.#armed.get(fault) ?? 0) + times);
  }

  disarm(fault: Fault): void {
    this.#armed.delete(fault);
  }

  /** Whether the fault is to happen now; it is used up by asking. */
  take(fault: Fault): boolean {
    const left = this.#armed.get(fault) ?? 0;
    if (left === 0) return false;
    this.#armed.set(fault, left - 1);
    return true;
  }
}
