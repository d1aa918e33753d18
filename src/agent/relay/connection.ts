import { catalogue } from '../../catalogue/metrics.ts';
import type { Exemplar } from '../../catalogue/observation.ts';
import type { Identity } from '../../catalogue/types.ts';
import type { DropReason, Recorder, Series } from '../../metrics/recorder.ts';
import { LineReader } from './line-reader.ts';
import { decodeFrame, eachSample, labelSetError, maxSum, truncateLabel } from './protocol.ts';

export type FrameResult = 'ok' | 'malformed' | 'oversized' | 'incompatible';

/** State of a connection after a chunk: `open`, or why the server closes it. */
export type ConnectionStatus = 'open' | 'oversized' | 'incompatible';

export interface ConnectionOptions {
  recorder: Recorder;
  /** Counts a frame. */
  frame(result: FrameResult, count: number): void;
  /** Called once, after a valid hello. @param pid the job's process, by its own account */
  onHello(pid: number | undefined): void;
  maxLineBytes: number;
  maxSeries: number;
}

/** Target of the samples of an id: a gauge's share, another series, or none with the reason. */
type Slot = { share: GaugeShare } | { series: Series } | { refused: DropReason; counted: boolean };

/** The worker's end of one job's connection. All input is validated; none is trusted. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #lines: LineReader;
  readonly #slots = new Map<number, Slot>();
  #identity: Identity | undefined;
  #release = () => {};
  #status: ConnectionStatus = 'open';
  #ok = 0;
  #frames = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#lines = new LineReader(options.maxLineBytes, (line) => this.#line(line));
  }

  /** Reads a chunk. The connection reads nothing more once its status is not `open`. */
  receive(chunk: Buffer): ConnectionStatus {
    if (this.#status !== 'open') return this.#status;
    if (!this.#lines.push(chunk) && this.#status === 'open') {
      this.#status = 'oversized';
      this.#options.frame('oversized', 1);
    }
    // One increment per chunk instead of one per frame: a busy worker reads several frames at once.
    if (this.#ok > 0) this.#options.frame('ok', this.#ok);
    this.#ok = 0;
    return this.#status;
  }

  /** How many frames it has sent, of whatever kind. */
  get frames(): number {
    return this.#frames;
  }

  /**
   * Removes the connection's share from gauges. `lost`: the job disconnected, rather than the worker; its remaining share
   * is counted according to the catalogue's `onLost`.
   */
  close(lost: boolean): void {
    if (this.#lines.inLine && this.#status === 'open') this.#options.frame('malformed', 1);
    const slots = [...this.#slots.values()];
    this.#slots.clear();
    this.#release();
    for (const slot of slots) {
      try {
        if ('share' in slot) slot.share.release(lost);
      } catch {
        this.#options.recorder.dropped('internal_error');
      }
    }
  }

  #line(line: string | undefined): void {
    this.#frames++;
    if (this.#status !== 'open' || line === '\r') return;
    try {
      const result = line === undefined ? 'malformed' : this.#frame(line);
      if (result === 'ok') this.#ok++;
      else this.#options.frame(result, 1);
    } catch {
      this.#options.recorder.dropped('internal_error');
    }
  }

  #frame(line: string): FrameResult {
    const frame = decodeFrame(line);
    if (frame?.type === 'incompatible') {
      this.#status = 'incompatible';
      return 'incompatible';
    }
    if (frame?.type === 'hello') return this.#hello(frame.identity, frame.pid);
    if (!frame || !this.#identity) return 'malformed';
    if (frame.type === 'definition') {
      return this.#define(frame.id, frame.metric, frame.labels, this.#identity);
    }
    eachSample(frame.list, this.#sample);
    return 'ok';
  }

  #hello(identity: Identity, pid: number | undefined): FrameResult {
    if (this.#identity) return 'malformed';
    const { agent_name, agent_version } = identity;
    this.#identity = { agent_name: truncateLabel(agent_name), agent_version: truncateLabel(agent_version) };
    this.#options.recorder.introduce(this.#identity);
    this.#release = this.#options.recorder.hold(this.#identity);
    this.#options.onHello(pid);
    return 'ok';
  }

  #define(
    id: number,
    metric: string,
    labels: Readonly<Record<string, string>>,
    identity: Identity,
  ): FrameResult {
    if (this.#slots.has(id)) return 'malformed';
    // Over the limit nothing is kept, so that ids cost the worker nothing; their samples are counted one by one.
    if (this.#slots.size >= this.#options.maxSeries) return 'ok';
    const { recorder } = this.#options;
    const spec = Object.hasOwn(catalogue, metric) ? catalogue[metric] : undefined;
    if (spec?.derived) {
      this.#slots.set(id, { refused: 'unknown_metric', counted: false });
      return 'ok';
    }
    const series = recorder.series(metric, labels, identity);
    if (!series) {
      // The recorder has counted the rejection once: that count is the first sample's.
      this.#slots.set(id, { refused: labelSetError(spec, labels) ?? 'series_limit', counted: true });
    } else if (spec?.type === 'gauge') {
      const { onLost } = spec;
      const lost = onLost && recorder.series(onLost.metric, { ...labels, ...onLost.labels }, identity);
      this.#slots.set(id, { share: new GaugeShare(series, lost) });
    } else {
      this.#slots.set(id, { series });
    }
    return 'ok';
  }

  /** Samples are independent: an invalid one does not affect the others of its frame. */
  readonly #sample = (id: unknown, value: unknown, exemplar: Exemplar | undefined): void => {
    try {
      const reason = this.#add(id, value, exemplar);
      if (reason) this.#options.recorder.dropped(reason);
    } catch {
      this.#options.recorder.dropped('internal_error');
    }
  };

  /** Adds a sample to its series; a reason: it could not be added. */
  #add(id: unknown, value: unknown, exemplar: Exemplar | undefined): DropReason | undefined {
    const slot = this.#slots.get(id as number);
    if (slot === undefined) {
      const full = this.#slots.size >= this.#options.maxSeries && typeof id === 'number';
      return full ? 'series_limit' : 'invalid_frame';
    }
    if ('refused' in slot) {
      const { counted } = slot;
      slot.counted = false;
      return counted ? undefined : slot.refused;
    }
    // JSON has no NaN and no Infinity: JSON.stringify makes them null.
    if (typeof value !== 'number') return value === null ? 'invalid_value' : 'invalid_frame';
    if ('share' in slot) return slot.share.set(value) ? undefined : 'invalid_value';
    slot.series.add(value, exemplar);
    return undefined;
  }
}

/** One connection's share of a gauge, which is the sum over all connections. */
export class GaugeShare {
  readonly #gauge: Series;
  readonly #lost: Series | undefined;
  #share = 0;

  /** `lost` counts what a lost connection left in the gauge. */
  constructor(gauge: Series, lost: Series | undefined) {
    this.#gauge = gauge;
    this.#lost = lost;
  }

  /** Sets the share; false: the value is out of range. */
  set(share: number): boolean {
    if (!(Math.abs(share) <= maxSum)) return false;
    if (share !== this.#share) this.#gauge.add(share - this.#share);
    this.#share = share;
    return true;
  }

  /** Removes the share from the gauge. */
  release(lost: boolean): void {
    const left = this.#share;
    this.set(0);
    if (lost && left > 0) this.#lost?.add(left);
  }
}
