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
  /** Where sessions and the spool are kept; made if it is not there. */
  directory: string;
  /** Whose agents may upload. */
  keys: Pick<KeyOptions, 'pair' | 'files' | 'reloadMs'>;
  /** @default 127.0.0.1 */
  host?: string;
  /** 0 takes any free one. @default 9465 */
  port?: number;
  tls?: TlsOptions;
  /**
   * The address at which others reach the host's port, where that is another one: a container listens on every interface of its
   * own, and the machine around it publishes the port on 127.0.0.1 or for everybody. @default the host
   */
  published?: string;
  /** Whether plain HTTP and short API secrets are meant, also where others reach the gateway. @default false */
  insecure?: boolean;
  /** Who may read sessions; needed as soon as the host is not loopback. @default anybody on this machine */
  readers?: Readers;
  /** Whether /metrics needs no login. @default false */
  openMetrics?: boolean;
  /** @default nowhere */
  forward?: ForwardTo;
  /** What may wait for each backend, in bytes. @default 256 MiB */
  forwardBytes?: number;
  /** What is kept, for a week, of what cannot be read, stored or forwarded, in bytes; 0: nothing. @default 64 MiB */
  deadLetterBytes?: number;
  /** What may wait in the spool, in bytes. @default 2 GiB */
  spoolBytes?: number;
  /** What uploads leave free on the disk, in bytes. @default 256 MiB */
  minFreeBytes?: number;
  /** @default never, and any number */
  retention?: Retention;
  /** A bucket into which sessions are moved when they are over. @default they stay in the directory */
  objects?: BucketOptions;
  limits?: Partial<Limits>;
  /** Which uploads have to be on the disk before they are answered. @default recordings */
  sync?: SyncPolicy;
  /** Whether the audio of sessions that are redacted is kept. @default false */
  keepRedactedAudio?: boolean;
  /** @default the built-in prices and those of the library */
  prices?: PriceBook;
  /** How many values a label of the sessions' series may have before further ones become `other`. @default 200 */
  maxLabelValues?: number;
  /** How many series of sessions there may be; samples of further ones are dropped. @default 20000 */
  maxSeries?: number;
  /** When a session is measured. @default see `MeasurementDelays` */
  measurementDelays?: Partial<MeasurementDelays>;
  /** Where Grafana is, for links. */
  grafana?: string;
  /** The instance id of this gateway. @default generated at the first start, and kept in its directory */
  instance?: string;
  /** Called with each stored batch; see `BatchListener`. */
  onBatch?: BatchListener;
  /** Whether the gateway keeps the process alive. @default true */
  keepProcessAlive?: boolean;
  /** Receives one line for each operational message. @default console.warn */
  log?: (message: string) => void;
}
