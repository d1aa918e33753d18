import type { Series } from '../../metrics/recorder.ts';
import { maxSum } from './protocol.ts';

/** What one connection contributes to a gauge that all connections add up to. */
export class GaugeShare {
  readonly #gauge: Series;
  readonly #lost: Series | undefined;
  #share = 0;

  /** `lost` counts what a lost connection left in the gauge. */
  constructor(gauge: Series, lost: Series | undefined) {
    this.#gauge = gauge;
    this.#lost = lost;
  }

  /** Makes the share what the job says it is; false: that is no number that a share can be. */
  set(share: number): boolean {
    if (!(Math.abs(share) <= maxSum)) return false;
    if (share !== this.#share) this.#gauge.add(share - this.#share);
    this.#share = share;
    return true;
  }

  /** Leaves nothing in the gauge. */
  takeBack(lost: boolean): void {
    const left = this.#share;
    this.set(0);
    if (lost && left > 0) this.#lost?.add(left);
  }
}
