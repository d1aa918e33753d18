import { readFile, rename } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import writeFileAtomic from 'write-file-atomic';
import type { MetricRequest } from '../decode/otlp-schema.ts';
import type { Telemetry } from '../telemetry.ts';
import { Cumulative, type CumulativeState } from './cumulative.ts';
import { compressed } from './destinations.ts';
import { PermanentError, post, RetryableError } from './post.ts';

export interface MetricsPushOptions {
  /** Prometheus' OTLP endpoint, `…/api/v1/otlp/v1/metrics`. */
  url: string;
  headers: Readonly<Record<string, string>>;
  /** The file that preserves the totals over a restart. */
  file: string;
  /** The instance id of this gateway's series. */
  instance: string;
  telemetry: Telemetry;
  log: (message: string) => void;
  /** Milliseconds between two pushes. @default 15000 */
  interval?: number;
}

/** Pushes totals to Prometheus at an interval. A push after a failed one includes its data, so that no backlog is needed. */
export class MetricsPush {
  readonly #options: Required<MetricsPushOptions>;
  readonly #totals: Cumulative;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #failing = false;
  /** Unix milliseconds before which nothing is sent, because of the backend's `Retry-After`. */
  #notBefore = 0;

  private constructor(options: Required<MetricsPushOptions>, totals: Cumulative) {
    this.#options = options;
    this.#totals = totals;
    this.#running = this.#run();
  }

  static async open(options: MetricsPushOptions): Promise<MetricsPush> {
    const saved = await savedTotals(options);
    options.telemetry.addDestination('prometheus');
    return new MetricsPush({ interval: 15_000, ...options }, new Cumulative(saved));
  }

  /** @param entry identifies the upload, so that it counts once */
  async add(request: MetricRequest, entry: string): Promise<void> {
    this.#totals.add(request, entry, nanoseconds());
    await writeFileAtomic(this.#options.file, JSON.stringify(this.#totals.state), {
      // Saved first, so that a counted upload is not counted again.
      fsync: true,
      mode: 0o600,
    });
  }

  /** Sends the current totals. */
  async push(): Promise<void> {
    const { url, headers, instance, telemetry, log } = this.#options;
    const request = this.#totals.request(nanoseconds(), {
      'service.name': 'livekit-agents',
      'service.instance.id': instance,
    });
    if (!request || Date.now() < this.#notBefore) return;
    const destination = 'prometheus';
    try {
      const rejected = await post(url, {
        headers: { ...headers, 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' },
        body: await compressed(request),
        timeout: 10_000,
        signal: this.#closing.signal,
      });
      telemetry.count('talkgauge_gateway_forwarded_total', { destination, result: 'ok' });
      telemetry.count('talkgauge_gateway_forward_rejected_records_total', { destination }, rejected);
      if (rejected > 0 && !this.#failing)
        log(
          `prometheus takes what is forwarded, and rejects ${rejected} points in it; its own log says why.`,
        );
      this.#failing = rejected > 0;
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      // The next push includes the refused data, because these are totals.
      if (error instanceof PermanentError)
        telemetry.count('talkgauge_gateway_forwarded_total', { destination, result: 'rejected' });
      else telemetry.count('talkgauge_gateway_forward_failures_total', { destination });
      if (error instanceof RetryableError && error.retryAfter !== undefined)
        this.#notBefore = Date.now() + error.retryAfter;
      if (!this.#failing) log(`prometheus does not take what is forwarded: ${(error as Error).message}`);
      this.#failing = true;
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await delay(this.#options.interval, undefined, { signal, ref: false }).catch(() => {});
      if (!signal.aborted) await this.push();
    }
  }
}

/** The totals from before the restart. A file that cannot be read, as after a power cut, is renamed, and the totals restart at 0. */
async function savedTotals({ file, log }: MetricsPushOptions): Promise<CumulativeState | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    const state = JSON.parse(text) as CumulativeState;
    if (typeof state?.series === 'object' && state.series !== null) return state;
  } catch {
    // See below.
  }
  await rename(file, `${file}.damaged`);
  log(`The totals for Prometheus cannot be read, and begin anew; what was there is in ${file}.damaged`);
  return undefined;
}

const nanoseconds = (): bigint => BigInt(Date.now()) * 1_000_000n;
