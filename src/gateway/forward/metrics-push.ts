import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import writeFileAtomic from 'write-file-atomic';
import type { MetricRequest } from '../decode/metric-schema.ts';
import type { Telemetry } from '../telemetry.ts';
import { Cumulative } from './cumulative.ts';
import { compressed } from './otlp-destinations.ts';
import { post, Refused } from './post.ts';

export interface MetricsPushOptions {
  /** Prometheus' OTLP endpoint, `…/api/v1/otlp/v1/metrics`. */
  url: string;
  headers: Readonly<Record<string, string>>;
  /** Keeps the totals over a restart. */
  file: string;
  /** Tells this gateway's series from those of another. */
  instance: string;
  telemetry: Telemetry;
  log: (message: string) => void;
  /** Milliseconds between two pushes. @default 15000 */
  interval?: number;
}

/**
 * Sends totals to Prometheus, again and again: what one request did not bring, the next one brings, so that nothing
 * has to wait.
 */
export class MetricsPush {
  readonly #options: Required<MetricsPushOptions>;
  readonly #totals: Cumulative;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #failing = false;

  private constructor(options: Required<MetricsPushOptions>, totals: Cumulative) {
    this.#options = options;
    this.#totals = totals;
    this.#running = this.#run();
  }

  static async open(options: MetricsPushOptions): Promise<MetricsPush> {
    const saved = await readFile(options.file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    options.telemetry.handsOnTo('prometheus');
    return new MetricsPush({ interval: 15_000, ...options }, new Cumulative(saved && JSON.parse(saved)));
  }

  /** @param entry names the upload that it is of, so that it counts once */
  async add(request: MetricRequest, entry: string): Promise<void> {
    this.#totals.add(request, entry, nanoseconds());
    await writeFileAtomic(this.#options.file, JSON.stringify(this.#totals.state), {
      fsync: false,
      mode: 0o600,
    });
  }

  /** Sends the totals as they are now. */
  async push(): Promise<void> {
    const { url, headers, instance, telemetry, log } = this.#options;
    const request = this.#totals.request(nanoseconds(), {
      'service.name': 'livekit-agents',
      'service.instance.id': instance,
    });
    if (!request) return;
    try {
      await post(url, {
        headers: { ...headers, 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' },
        body: await compressed(request),
        timeout: 10_000,
        signal: this.#closing.signal,
      });
      telemetry.count('earshot_gateway_forwarded_total', { destination: 'prometheus', result: 'ok' });
      this.#failing = false;
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      // Totals: what is refused now comes again with the next ones.
      if (error instanceof Refused)
        telemetry.count('earshot_gateway_forwarded_total', { destination: 'prometheus', result: 'rejected' });
      else telemetry.count('earshot_gateway_forward_failures_total', { destination: 'prometheus' });
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

const nanoseconds = (): bigint => BigInt(Date.now()) * 1_000_000n;
