import type { Exemplar } from '../../catalogue/observation.ts';
import type { DropReason } from '../../metrics/recorder.ts';
import type { JobSeries, JobSeriesTable } from './job-series.ts';
import { encodeSamples, maxSamplesPerLine, maxSum, pushSample } from './protocol.ts';

/** The memory of a waiting sample, a rough upper estimate: array slots, a boxed number … */
const sampleBytes = 40;
/** … and its exemplar. */
const exemplarBytes = 200;

/** Size of one write to the kernel; what the kernel does not accept at once may be lost with the worker. */
const chunkLength = 32_768;

/** Samples that are sent as one line. */
interface Line {
  readonly list: unknown[];
  samples: number;
  bytes: number;
  exemplar: Exemplar | undefined;
}

/**
 * The samples that a job has recorded and not sent yet. Counters and gauges wait as sums in their series, so they take no
 * room and are never dropped, however long the worker is away. What histograms observe waits in a queue.
 *
 * A full queue refuses what is new, not what is old: samples carry no time and are added when they arrive, so an old one is
 * worth as much as a new one, and refusing is the cheapest for the call.
 */
export class SendQueue {
  readonly #table: JobSeriesTable;
  readonly #maxBytes: number;
  #lines: Line[] = [];
  #bytes = 0;
  /** Series whose sum waits. */
  #sums: JobSeries[] = [];
  /** How many series the worker knows; their definitions are sent in the order of the ids. */
  #defined = 0;
  #taken = 0;

  constructor(table: JobSeriesTable, maxBytes: number) {
    this.#table = table;
    this.#maxBytes = maxBytes;
  }

  get empty(): boolean {
    return this.#lines.length === 0 && this.#sums.length === 0;
  }

  /** Whether there is more than a line full, so that sending need not wait for the end of the tick. */
  get hasFullLine(): boolean {
    return this.#lines.length > 1;
  }

  /** How many samples, a gauge's not among them, the last {@link take} took. */
  get taken(): number {
    return this.#taken;
  }

  /** Adds a sample; a reason: it was refused. `weight`: how many samples a counter's increment stands for. */
  add(series: JobSeries, value: number, exemplar?: Exemplar, weight = 1): DropReason | undefined {
    if (typeof value !== 'number') return 'invalid_value'; // a string would be appended to the sum
    if (series.type === 'histogram') return this.#queue(series.id, value, exemplar);
    const sum = series.sum + value;
    if (!(Math.abs(sum) <= maxSum) || (value < 0 && series.type === 'counter')) return 'invalid_value';
    series.sum = sum;
    if (series.type === 'counter') series.samples += weight;
    this.#wait(series);
    return undefined;
  }

  #queue(id: number, value: number, exemplar: Exemplar | undefined): DropReason | undefined {
    if (!Number.isFinite(value)) return 'invalid_value';
    if (this.#bytes >= this.#maxBytes) return 'queue_full';
    let line = this.#lines[this.#lines.length - 1];
    if (line === undefined || line.samples >= maxSamplesPerLine) {
      line = { list: [], samples: 0, bytes: 0, exemplar: undefined };
      this.#lines.push(line);
    }
    let bytes = sampleBytes;
    if (exemplar === undefined || !sendable(exemplar)) {
      pushSample(line.list, id, value);
    } else {
      pushSample(line.list, id, value, exemplar, line.exemplar);
      if (exemplar !== line.exemplar) bytes += exemplarBytes;
      line.exemplar = exemplar;
    }
    line.samples++;
    line.bytes += bytes;
    this.#bytes += bytes;
    return undefined;
  }

  #wait(series: JobSeries): void {
    if (series.waiting) return;
    series.waiting = true;
    this.#sums.push(series);
  }

  /** Prepares for a new worker, which needs all definitions and this job's share of every gauge. */
  restart(): void {
    this.#defined = 0;
    for (const series of this.#table) {
      if (series.type === 'gauge' && series.sum !== 0) this.#wait(series);
    }
  }

  /** Removes and returns the next lines to send; not empty while anything waits. */
  take(): string {
    this.#taken = 0;
    let text = '';
    while (this.#defined < this.#table.size) {
      text += this.#table.at(this.#defined++)!.definition;
      if (text.length >= chunkLength) return text;
    }
    while (!this.empty && text.length < chunkLength) {
      const line = this.#lines.shift();
      const list = line?.list ?? [];
      if (line) {
        this.#bytes -= line.bytes;
        this.#taken += line.samples;
      }
      // Sums join the last line, so that what one tick recorded arrives together: a session that ended has left its gauge.
      if (this.#lines.length === 0) this.#takeSums(list, maxSamplesPerLine - (line?.samples ?? 0));
      text += encodeSamples(list);
    }
    return text;
  }

  #takeSums(list: unknown[], room: number): void {
    for (let left = room; left > 0; left--) {
      const series = this.#sums.pop();
      if (!series) return;
      pushSample(list, series.id, series.sum);
      series.waiting = false;
      if (series.type === 'gauge') continue;
      this.#taken += series.samples;
      series.sum = 0;
      series.samples = 0;
    }
  }
}

/** The recorder takes no other ids than these, and no line may grow by more. */
const sendable = ({ trace_id, span_id }: Exemplar): boolean =>
  typeof trace_id === 'string' &&
  trace_id.length === 32 &&
  (span_id === undefined || (typeof span_id === 'string' && span_id.length === 16));
