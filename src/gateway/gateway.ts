import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { isLoopback } from '../http/address.ts';
import { createScrapes } from '../http/exposition.ts';
import { type ConnectionTimeouts, listen } from '../http/listen.ts';
import { createRecorder } from '../metrics/recorder.ts';
import { version } from '../package.ts';
import { CostDerivation } from '../pricing/cost.ts';
import { PriceBook } from '../pricing/price-book.ts';
import { createReaderGuard, sameOrigin } from './api/readers.ts';
import { createApi } from './api/sessions.ts';
import { createGatewayApp, createReadiness } from './app.ts';
import { Waveforms } from './audio/waveforms.ts';
import { lockDirectory } from './directory-lock.ts';
import { Forwarder } from './forward/forwarder.ts';
import { Ingest } from './ingest/ingest.ts';
import { startMaintenance } from './maintenance.ts';
import { isAbandoned } from './metrics/measure.ts';
import { MeasurementScheduler } from './metrics/measurement-scheduler.ts';
import { recorded } from './metrics/sources.ts';
import type { GatewayOptions } from './options.ts';
import { openKeys } from './receive/api-keys.ts';
import { defaultLimits } from './receive/limits.ts';
import { createUploads, type Load } from './receive/uploads.ts';
import { DeadLetters } from './spool/dead-letters.ts';
import { Spool } from './spool/spool.ts';
import { Objects } from './store/session-files.ts';
import { SessionStore } from './store/session-store.ts';
import { Telemetry } from './telemetry.ts';

export interface Gateway {
  /** The URL that it listens on, for `LIVEKIT_OBSERVABILITY_URL`. */
  url: string;
  /** The sessions; its `events` report changes. */
  store: SessionStore;
  /** Resolves when all uploads are stored and forwarded, or after `timeoutMs`. */
  drained(timeoutMs: number): Promise<void>;
  /** Stops listening; spooled uploads are processed at the next start. */
  close(): Promise<void>;
}

const mebibyte = 1024 * 1024;

const timeouts: ConnectionTimeouts = {
  headersTimeout: 10_000,
  // Above the limits of any upload, so that these apply first.
  requestTimeout: 180_000,
  connectionsCheckingInterval: 5_000,
  // Above five seconds, the interval at which an SDK sends logs and spans.
  keepAliveTimeout: 30_000,
  idleTimeout: 60_000,
};
/** A job opens a handful of connections when it ends. */
const maxConnections = 4096;
/** Half of them, so that no address can use all; behind a proxy, all come from one address. */
const maxConnectionsPerAddress = 2048;
/** The number of uploads in flight above which receiving has priority over processing. */
const busyUploads = 4;
/** Milliseconds that an upload may wait for processing before measurement waits for it. */
const maxLag = 2000;

/**
 * Starts the receiver of the SDKs' uploads, with its store, its API and its page.
 *
 * @throws OptionError for an invalid option, and if another gateway uses the directory
 * @throws ServeError if it cannot listen; the message contains the next step
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const unlock = await lockDirectory(options.directory, { log: options.log ?? console.warn });
  return started(options, unlock).catch(async (error) => {
    await unlock();
    throw error;
  });
}

async function started(options: GatewayOptions, unlock: () => Promise<void>): Promise<Gateway> {
  const { directory, host = '127.0.0.1', port = 9465, retention = {}, log = console.warn } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const startedAt = Date.now() / 1000;
  const telemetry = new Telemetry();
  const readers = createReaderGuard({ readers: options.readers, host, telemetry });
  const { insecure = false, published = host } = options;
  const keys = openKeys({ ...options.keys, shortSecrets: insecure || isLoopback(published), log });
  warnOfPlainHttp({ host: published, tls: options.tls !== undefined, insecure, log });

  const spool = await Spool.open({
    directory: join(directory, 'spool'),
    maxBytes: options.spoolBytes ?? 2048 * mebibyte,
    minFreeBytes: options.minFreeBytes ?? 256 * mebibyte,
  });
  const deadLetters = await DeadLetters.open({
    directory: join(directory, 'dead-letter'),
    maxBytes: options.deadLetterBytes ?? 64 * mebibyte,
  });
  const keepRedactedAudio = options.keepRedactedAudio ?? false;
  const prices = options.prices ?? new PriceBook();
  const store = await SessionStore.open({
    directory,
    prices,
    keepRedactedAudio,
    objects: options.objects && new Objects(options.objects),
    log,
  });
  const forwarder = await Forwarder.open({
    ...options.forward,
    directory: join(directory, 'forward'),
    maxBytes: options.forwardBytes ?? 256 * mebibyte,
    keys: () => keys.current(),
    deadLetters,
    instance: options.instance ?? (await instanceId(directory)),
    telemetry,
    log,
  });
  watchGauges(telemetry, spool, store);
  const staging = join(directory, 'staging');
  const { onBatch } = options;
  const load: Load = { receiving: 0 };
  const ingest = await Ingest.start({
    spool,
    store,
    forwarder,
    deadLetters,
    limits,
    keepRedactedAudio,
    staging,
    telemetry,
    onBatch,
    isBusy: () => load.receiving > busyUploads,
    log,
  });

  const recorder = createRecorder({
    registry: telemetry.registry,
    // Its own counters start at 0 then.
    othersCreatedAt: startedAt,
    identity: () => ({ agent_name: 'talkgauge-gateway', agent_version: version }),
    maxLabelValues: options.maxLabelValues,
    maxSeries: options.maxSeries,
    derivation: new CostDerivation(prices),
    specs: recorded,
  });
  const measurements = MeasurementScheduler.start({
    store,
    recorder,
    telemetry,
    isBehind: () => ingest.isBehind(maxLag),
    delays: options.measurementDelays,
    onEnded: ({ id, identity, traceIds, receivedAt, cost, audio }, session) => {
      const { items, report, closeReason } = session;
      return forwarder.conversation(id, receivedAt, {
        ...{ id, identity, traceId: traceIds[0], items, report, closeReason, cost },
        audio: audio !== undefined,
        isAbandoned: () => isAbandoned(session),
      });
    },
    log,
  });
  const maintenance = await startMaintenance({
    store,
    retention,
    archives: options.objects !== undefined,
    deadLetters,
    telemetry,
    log,
  });

  const waveforms = new Waveforms(store);
  const closeParts = async () => {
    await waveforms.close();
    await maintenance.close();
    keys.close();
    await ingest.close();
    await measurements.close();
    await forwarder.close();
    await store.settled();
    await unlock();
  };
  const app = createGatewayApp({
    uploads: createUploads({ spool, keys, limits, sync: options.sync ?? 'recordings', telemetry, load, log }),
    readers,
    sameOrigin: sameOrigin(telemetry),
    api: createApi({ store, waveforms, telemetry, grafana: options.grafana?.replace(/\/+$/, '') }),
    scrapes: createScrapes((format) => recorder.expose(format), 10_000),
    openMetrics: options.openMetrics ?? false,
    ready: createReadiness(spool),
    log,
  });
  try {
    const { url, close } = await listen(app, {
      host,
      port,
      tls: options.tls,
      timeouts,
      maxConnections,
      maxConnectionsPerAddress,
      keepProcessAlive: options.keepProcessAlive ?? true,
      name: 'gateway',
      variables: 'TALKGAUGE_GATEWAY',
      log,
    });
    return {
      url,
      store,
      async drained(timeoutMs) {
        await ingest.drained(timeoutMs);
        await forwarder.drained(timeoutMs);
      },
      async close() {
        await close();
        await closeParts();
      },
    };
  } catch (error) {
    await closeParts();
    throw error;
  }
}

function watchGauges(telemetry: Telemetry, spool: Spool, store: SessionStore): void {
  const gauge = (value: () => number) => () => [{ labels: {}, value: value() }];
  telemetry.watch(
    'talkgauge_gateway_spool_bytes',
    gauge(() => spool.bytes),
  );
  telemetry.watch(
    'talkgauge_gateway_spool_entries',
    gauge(() => spool.count),
  );
  telemetry.watch(
    'talkgauge_gateway_sessions',
    gauge(() => store.index.size),
  );
  telemetry.watch(
    'talkgauge_gateway_store_bytes',
    gauge(() => store.index.bytes),
  );
}

export interface PlainHttpOptions {
  host: string;
  tls: boolean;
  /** Whether the user has confirmed it. */
  insecure: boolean;
  log: (message: string) => void;
}

/** Warns about plain HTTP on an address that other machines can reach. */
export function warnOfPlainHttp({ host, tls, insecure, log }: PlainHttpOptions): void {
  if (tls || insecure || isLoopback(host)) return;
  log(
    `WARNING: plain HTTP on ${host}: anybody on the network path can read conversations, and the credentials of readers and agents. ` +
      'Set TALKGAUGE_GATEWAY_TLS_CERT and TALKGAUGE_GATEWAY_TLS_KEY, or listen on 127.0.0.1 behind a proxy with TLS; ' +
      'on a network that nobody else can read, say so with --insecure (TALKGAUGE_GATEWAY_INSECURE=true).',
  );
}

/**
 * The unique id of this gateway (OpenTelemetry's `service.instance.id`): generated at the first start and stored in its
 * directory, because its totals continue after a restart.
 */
export async function instanceId(directory: string): Promise<string> {
  const file = join(directory, 'instance-id');
  const known = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  if (known.trim() !== '') return known.trim();
  const drawn = randomUUID();
  await writeFileAtomic(file, `${drawn}\n`, { mode: 0o600 });
  return drawn;
}
