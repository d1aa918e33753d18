import { catalogue } from '../../catalogue/metrics.ts';
import type { Exemplar } from '../../catalogue/observation.ts';
import type { Identity } from '../../catalogue/types.ts';
import type { DropReason, Recorder, Series } from '../../metrics/recorder.ts';
import { LineReader } from './line-reader.ts';
import { cut, decodeFrame, eachSample, maxSum, refusal } from './protocol.ts';

export type FrameResult = 'ok' | 'malformed' | 'oversized' | 'incompatible';

/** What is to be done with a connection after it was read from. */
export type Verdict = 'open' | 'oversized' | 'incompatible';

export interface ConnectionOptions {
  recorder: Recorder;
  /** Counts a frame. */
  frame(result: FrameResult, count: number): void;
  /** Called once, when the connection has said a valid hello. */
  greeted(): void;
  maxLineBytes: number;
  maxSeries: number;
}

/** Where the samples of an id go: a gauge's share, another series, or nowhere and why. */
type Slot = { share: GaugeShare } | { series: Series } | { refused: DropReason; counted: boolean };

/** What the worker knows of one job: it reads the job's bytes, and believes none of them. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #lines: LineReader;
  readonly #slots = new Map<number, Slot>();
  #identity: Identity | undefined;
  #release = () => {};
  #verdict: Verdict = 'open';
  #ok = 0;
  #frames = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#lines = new LineReader(options.maxLineBytes, (line) => this.#line(line));
  }

  /** Takes bytes as they come. After any verdict but `open`, the connection reads no more. */
  receive(chunk: Buffer): Verdict {
    if (this.#verdict !== 'open') return this.#verdict;
    if (!this.#lines.push(chunk) && this.#verdict === 'open') {
      this.#verdict = 'oversized';
      this.#options.frame('oversized', 1);
    }
    // One increment per chunk instead of one per frame: a busy worker reads several frames at once.
    if (this.#ok > 0) this.#options.frame('ok', this.#ok);
    this.#ok = 0;
    return this.#verdict;
  }

  /** How many frames it has sent, of whatever kind. */
  get frames(): number {
    return this.#frames;
  }

  /**
   * Takes back what the connection had added to gauges. `lost`: the job went away, rather than the
   * worker; what it then left behind ends as the catalogue's `onLost` says.
   */
  close(lost: boolean): void {
    if (this.#lines.inLine && this.#verdict === 'open') this.#options.frame('malformed', 1);
    const slots = [...this.#slots.values()];
    this.#slots.clear();
    this.#release();
    for (const slot of slots) {
      try {
        if ('share' in slot) slot.share.takeBack(lost);
      } catch {
        this.#options.recorder.dropped('internal_error');
      }
    }
  }

  #line(line: string | undefined): void {
    this.#frames++;
    if (this.#verdict !== 'open' || line === '\r') return;
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
      this.#verdict = 'incompatible';
      return 'incompatible';
    }
    if (frame?.type === 'hello') return this.#greet(frame.identity);
    if (!frame || !this.#identity) return 'malformed';
    if (frame.type === 'definition') {
      return this.#define(frame.id, frame.metric, frame.labels, this.#identity);
    }
    eachSample(frame.list, this.#sample);
    return 'ok';
  }

  #greet(identity: Identity): FrameResult {
    if (this.#identity) return 'malformed';
    const { agent_name, agent_version } = identity;
    this.#identity = { agent_name: cut(agent_name), agent_version: cut(agent_version) };
    this.#options.recorder.introduce(this.#identity);
    this.#release = this.#options.recorder.hold(this.#identity);
    this.#options.greeted();
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
      // The recorder has counted the refusal once: that stands for the first sample.
      this.#slots.set(id, { refused: refusal(spec, labels) ?? 'series_limit', counted: true });
    } else if (spec?.type === 'gauge') {
      const { onLost } = spec;
      const lost = onLost && recorder.series(onLost.metric, { ...labels, ...onLost.labels }, identity);
      this.#slots.set(id, { share: new GaugeShare(series, lost) });
    } else {
      this.#slots.set(id, { series });
    }
    return 'ok';
  }

  /** Every sample of a frame is on its own: a bad one costs the others nothing. */
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
