import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExportedSignal } from '../../catalogue/marker.ts';
import { unnamed } from '../decode/identity.ts';
import type { MetricRequest, Span, WireLog } from '../decode/otlp-schema.ts';
import { sessionOf } from '../decode/records.ts';
import type { Identified } from '../decode/signals.ts';
import type { ApiKeys } from '../receive/api-keys.ts';
import type { DeadLetters } from '../spool/dead-letters.ts';
import type { Meta } from '../spool/spool.ts';
import type { Telemetry } from '../telemetry.ts';
import { Backlog, type Destination } from './backlog.ts';
import { compressed, liveKitCloud, otlpDestination } from './destinations.ts';
import { conversationRecords, type EndedConversation, forLoki } from './loki.ts';
import { MetricsPush } from './metrics-push.ts';
import { logRequest, traceRequest } from './otlp-request.ts';

/** Headers by destination. LiveKit Cloud needs none: uploads are sent there with a token of their API key. */
export type ForwardHeaders = Readonly<
  Partial<Record<'tempo' | 'loki' | 'prometheus', Readonly<Record<string, string>>>>
>;

/** The backends; one without a URL receives nothing. */
export interface ForwardTo {
  /** Tempo's OTLP port, or any other OTLP receiver of traces: `http://tempo:4318`. */
  tempo?: string;
  /** `http://loki:3100`. */
  loki?: string;
  /** `http://prometheus:9090`; it needs `--web.enable-otlp-receiver`. */
  prometheus?: string;
  /** `https://….livekit.cloud`: uploads are forwarded there as well. */
  liveKitCloud?: string;
  /** Headers for each backend, such as a tenant or a token. */
  headers?: ForwardHeaders;
  /** Whether signals that jobs export themselves are also forwarded to Tempo and Loki. @default false */
  exported?: boolean;
}

export interface ForwarderOptions extends ForwardTo {
  directory: string;
  /** Maximum bytes in the backlog of each backend. */
  maxBytes: number;
  keys: () => ApiKeys;
  /** Keeps what backends refuse permanently. */
  deadLetters: DeadLetters;
  /** The instance id of this gateway, for Prometheus. */
  instance: string;
  telemetry: Telemetry;
  log: (message: string) => void;
  /** For tests; see `BacklogOptions`. */
  firstDelay?: number;
}

/**
 * Adds the name of unnamed agents. Otherwise the boards' filters would not find their spans: TraceQL's `=~ ".*"` matches
 * only existing attributes.
 */
const named = <T>(identified: Identified<T>): Identified<T> =>
  identified.identity.agentName === undefined
    ? { ...identified, identity: { ...identified.identity, agentName: unnamed } }
    : identified;

const withoutSlash = (url: string): string => url.replace(/\/+$/, '');

/** Forwards processed uploads to the configured backends. */
export class Forwarder {
  readonly #tempo?: Backlog;
  readonly #loki?: Backlog;
  readonly #cloud?: Backlog;
  readonly #metrics?: MetricsPush;
  readonly #options: Pick<ForwarderOptions, 'exported' | 'telemetry'>;

  private constructor(
    options: ForwarderOptions,
    parts: { tempo?: Backlog; loki?: Backlog; cloud?: Backlog; metrics?: MetricsPush },
  ) {
    this.#options = options;
    this.#tempo = parts.tempo;
    this.#loki = parts.loki;
    this.#cloud = parts.cloud;
    this.#metrics = parts.metrics;
  }

  static async open(options: ForwarderOptions): Promise<Forwarder> {
    const { directory, maxBytes, deadLetters, telemetry, log, firstDelay, headers = {} } = options;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const backlog = (destination: Destination) =>
      Backlog.open({
        directory: join(directory, destination.name),
        maxBytes,
        destination,
        deadLetters,
        telemetry,
        log,
        ...(firstDelay !== undefined && { firstDelay }),
      });
    const { tempo, loki, prometheus, liveKitCloud: cloud } = options;
    const forwarder = new Forwarder(options, {
      tempo: tempo
        ? await backlog(otlpDestination('tempo', `${withoutSlash(tempo)}/v1/traces`, headers.tempo))
        : undefined,
      loki: loki
        ? await backlog(otlpDestination('loki', `${withoutSlash(loki)}/otlp/v1/logs`, headers.loki))
        : undefined,
      cloud: cloud ? await backlog(liveKitCloud(withoutSlash(cloud), options.keys)) : undefined,
      metrics: prometheus
        ? await MetricsPush.open({
            url: `${withoutSlash(prometheus)}/api/v1/otlp/v1/metrics`,
            headers: headers.prometheus ?? {},
            file: join(directory, 'totals.json'),
            instance: options.instance,
            telemetry,
            log,
          })
        : undefined,
    });
    telemetry.watch('talkgauge_gateway_forward_queue_bytes', () =>
      forwarder.#backlogs().map(([destination, { bytes }]) => ({ labels: { destination }, value: bytes })),
    );
    return forwarder;
  }

  /** Whether uploads are forwarded to LiveKit Cloud, and therefore stored as received. */
  get forwardsUploads(): boolean {
    return this.#cloud !== undefined;
  }

  async spans(id: string, spans: readonly Identified<Span>[]): Promise<void> {
    if (!this.#tempo) return;
    const others = this.#unsent('tempo', 'traces', spans);
    if (others.length === 0) return;
    const body = await compressed(traceRequest(others.map(named)));
    await this.#tempo.add(id, {}, [body], body.length);
  }

  /** Log lines; the conversation's lines are sent after it has ended. @param traceOf the trace of a session, if known */
  async logs(
    id: string,
    logs: readonly Identified<WireLog>[],
    traceOf: (session: string) => Promise<string | undefined>,
  ): Promise<void> {
    if (!this.#loki || logs.length === 0) return;
    const traces = new Map<string, string>();
    for (const session of new Set(logs.flatMap(({ identity }) => sessionOf(identity) ?? []))) {
      const trace = await traceOf(session);
      if (trace !== undefined) traces.set(session, trace);
    }
    await this.#addToLoki(id, this.#unsent('loki', 'logs', forLoki(logs, traces)));
  }

  /**
   * An ended conversation.
   *
   * @param session its id
   * @param at unix seconds of its last upload
   */
  async conversation(session: string, at: number, over: EndedConversation): Promise<void> {
    if (!this.#loki) return;
    // In the format of the other names, which sort by arrival; no upload has a number of this length.
    const number = Number.parseInt(createHash('sha256').update(session).digest('hex').slice(0, 12), 16);
    const id = `${String(Math.round(at * 1000)).padStart(13, '0')}-${String(number).padStart(15, '0')}`;
    const { conversation, report } = conversationRecords(over);
    const records = [
      ...this.#unsent('loki', 'conversation', conversation),
      ...this.#unsent('loki', 'report', report),
    ];
    await this.#addToLoki(id, records.map(named));
  }

  /** The records that their job does not export itself; omitted ones are counted. */
  #unsent<T>(
    destination: 'tempo' | 'loki',
    signal: ExportedSignal,
    records: readonly Identified<T>[],
  ): readonly Identified<T>[] {
    const { exported, telemetry } = this.#options;
    if (exported) return records;
    const unsent = records.filter(({ identity }) => !identity.exported?.includes(signal));
    const leftOut = records.length - unsent.length;
    if (leftOut > 0) telemetry.count('talkgauge_gateway_forward_left_out_total', { destination }, leftOut);
    return unsent;
  }

  async #addToLoki(id: string, records: readonly Identified<WireLog>[]): Promise<void> {
    if (records.length === 0) return;
    const body = await compressed(logRequest(records));
    await this.#loki?.add(id, {}, [body], body.length);
  }

  async metrics(id: string, request: MetricRequest): Promise<void> {
    await this.#metrics?.add(request, id);
  }

  /** Forwards an upload as received, or rewritten without personal data. */
  async upload(
    id: string,
    meta: Meta,
    body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    size: number,
  ): Promise<void> {
    await this.#cloud?.add(id, meta, body, size);
  }

  /** Sends the backlogs; resolves after `timeoutMs` at the latest. */
  async drained(timeoutMs: number): Promise<void> {
    await Promise.all([
      ...this.#backlogs().map(([, backlog]) => backlog.drained(timeoutMs)),
      this.#metrics?.push(),
    ]);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#backlogs().map(([, backlog]) => backlog.close()), this.#metrics?.close()]);
  }

  #backlogs(): ['tempo' | 'loki' | 'livekit_cloud', Backlog][] {
    const all = { tempo: this.#tempo, loki: this.#loki, livekit_cloud: this.#cloud };
    return Object.entries(all).filter(([, backlog]) => backlog) as [
      'tempo' | 'loki' | 'livekit_cloud',
      Backlog,
    ][];
  }
}
