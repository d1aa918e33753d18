import type { TlsOptions } from '../http/tls.ts';
import type { BucketOptions } from '../objects/bucket.ts';
import type { PriceBook } from '../pricing/price-book.ts';
import type { Readers } from './api/readers.ts';
import type { ForwardTo } from './forward/forwarder.ts';
import type { BatchListener } from './ingest/ingest.ts';
import type { Retention } from './maintenance.ts';
import type { MeasurementDelays } from './metrics/measurement-scheduler.ts';
import type { KeyOptions } from './receive/api-keys.ts';
import type { Limits } from './receive/limits.ts';
import type { SyncPolicy } from './receive/uploads.ts';

export interface GatewayOptions {
  /** The directory of the sessions and the spool; created if missing. */
  directory: string;
  /** The API keys whose agents may upload. */
  keys: Pick<KeyOptions, 'pair' | 'files' | 'reloadMs'>;
  /** @default 127.0.0.1 */
  host?: string;
  /** 0 takes any free one. @default 9465 */
  port?: number;
  tls?: TlsOptions;
  /**
   * The address at which clients reach the gateway, if it differs from the host: a container listens on all of its
   * interfaces, and its host publishes the port on 127.0.0.1 or on other addresses. @default the host
   */
  published?: string;
  /** Whether plain HTTP and short API secrets are allowed on an address that others reach. @default false */
  insecure?: boolean;
  /** Who may read sessions; required unless the host is loopback. @default anybody on this machine */
  readers?: Readers;
  /** Whether /metrics needs no login. @default false */
  openMetrics?: boolean;
  /** @default nowhere */
  forward?: ForwardTo;
  /** Maximum bytes in the backlog of each backend. @default 256 MiB */
  forwardBytes?: number;
  /**
   * Maximum bytes of dead letters (data that cannot be read, stored or forwarded), which are kept for a week; 0: none.
   * @default 64 MiB
   */
  deadLetterBytes?: number;
  /** Maximum bytes in the spool. @default 2 GiB */
  spoolBytes?: number;
  /** Bytes that uploads leave free on the disk. @default 256 MiB */
  minFreeBytes?: number;
  /** @default never, and any number */
  retention?: Retention;
  /** A bucket into which ended sessions are moved. @default they stay in the directory */
  objects?: BucketOptions;
  limits?: Partial<Limits>;
  /** The uploads that are synced to disk before the response. @default recordings */
  sync?: SyncPolicy;
  /** Whether the audio of redacted sessions is stored. @default false */
  keepRedactedAudio?: boolean;
  /** @default the built-in prices and those of the library */
  prices?: PriceBook;
  /** Maximum number of values of a label of the sessions' series; further ones become `other`. @default 200 */
  maxLabelValues?: number;
  /** Maximum number of session series; samples of further ones are dropped. @default 20000 */
  maxSeries?: number;
  /** When a session is measured. @default see `MeasurementDelays` */
  measurementDelays?: Partial<MeasurementDelays>;
  /** The URL of Grafana, for links. */
  grafana?: string;
  /** The instance id of this gateway. @default generated at the first start, and stored in its directory */
  instance?: string;
  /** Called with each stored batch; see `BatchListener`. */
  onBatch?: BatchListener;
  /** Whether the gateway keeps the process alive. @default true */
  keepProcessAlive?: boolean;
  /** Receives one line for each operational message. @default console.warn */
  log?: (message: string) => void;
}
