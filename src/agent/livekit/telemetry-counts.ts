import { type Observation, observation, type Sink } from '../../catalogue/observation.ts';
import type { Counts } from '../telemetry/telemetry.ts';

/** How many counts may wait for the job to have a destination; they are few sums. */
const maxWaiting = 256;

/** What is counted of traces and logs, as samples; they wait until the process knows where these go. */
export class TelemetryCounts implements Counts {
  #sink: Sink | undefined;
  #waiting: Observation[] = [];

  exported(signal: 'spans' | 'log_records', count: number): void {
    this.#count(observation(`talkgauge_${signal}_exported_total`, {}, count));
  }

  dropped(signal: 'spans' | 'log_records', reason: Parameters<Counts['dropped']>[1], count: number): void {
    this.#count(observation(`talkgauge_${signal}_dropped_total`, { reason }, count));
  }

  leftOut(count: number): void {
    this.#count(observation('talkgauge_spans_left_out_total', {}, count));
  }

  /** Whether something waits that nobody has been told. */
  get untold(): boolean {
    return this.#sink === undefined && this.#waiting.length > 0;
  }

  tell(sink: Sink): void {
    this.#sink = sink;
    for (const one of this.#waiting.splice(0)) sink(one);
  }

  #count(counted: Observation): void {
    if (this.#sink) this.#sink(counted);
    else if (this.#waiting.length < maxWaiting) this.#waiting.push(counted);
  }
}
