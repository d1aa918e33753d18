import type { Registry } from 'prom-client';
import { metrics } from '../catalogue/metrics.ts';
import { commonLabels, type MetricSpec } from '../catalogue/types.ts';
import type { AuthOptions } from '../http/auth.ts';
import type { TlsOptions } from '../http/tls.ts';
import { Options } from '../options.ts';
import { pricesVariable } from '../pricing/cost.ts';
import { type ReportOptions, resolveReports } from './reports/settings.ts';
import { resolveTelemetry, type TelemetryOptions } from './telemetry/settings.ts';

export interface MonitorOptions {
  /** Port of /metrics, /healthz and /readyz; 0 takes a free one. @default TALKGAUGE_PORT, or 9464 */
  port?: number;
  /** Address to listen on. @default TALKGAUGE_HOST, or 127.0.0.1 */
  host?: string;
  /** The label `agent_name` of the worker's own series. @default TALKGAUGE_AGENT_NAME, or the name that the worker registers under */
  agentName?: string;
  /** The label `agent_version`. @default TALKGAUGE_AGENT_VERSION, LIVEKIT_AGENT_DEPLOYMENT, or `unknown` */
  agentVersion?: string;
  /** Constant labels of every series, such as region or tenant. @default TALKGAUGE_LABELS (`name=value,name=value`), or none */
  labels?: Record<string, string>;
  /** Who may read /metrics. @default TALKGAUGE_BEARER_TOKEN, or TALKGAUGE_BASIC_USER and TALKGAUGE_BASIC_PASSWORD, or anyone who can connect */
  auth?: AuthOptions;
  /** Serves HTTPS. @default TALKGAUGE_TLS_CERT, TALKGAUGE_TLS_KEY and TALKGAUGE_TLS_CLIENT_CA (files), or plain HTTP */
  tls?: TlsOptions;
  /**
   * Whether a metrics server that cannot start, or a socket for the jobs that cannot be made, stops the agent. @default
   * TALKGAUGE_STRICT, or false: it is reported, and retried
   */
  strict?: boolean;
  /** How many values a label may have before further ones become `other`; one that was not seen for six hours makes room. @default TALKGAUGE_MAX_LABEL_VALUES, or 200 */
  maxLabelValues?: number;
  /** How many label sets there may be in all; those not used for six hours make room. @default TALKGAUGE_MAX_SERIES, or 20000 */
  maxSeries?: number;
  /** Price file (YAML or JSON, see docs/prices.md), whose prices precede the built-in ones; changes are loaded without a restart. @default TALKGAUGE_PRICES, or the built-in prices */
  prices?: string;
  /** Whether OpenTelemetry instruments of this process and of jobs are served too. @default TALKGAUGE_OPEN_TELEMETRY, or true */
  openTelemetry?: boolean;
  /** A prom-client registry to serve too and to register in: your own metrics come along. @default a new one */
  registry?: Registry;
  /** Where traces and logs of jobs go, and what of them. @default the variables of OpenTelemetry; without an endpoint there are none */
  telemetry?: TelemetryOptions;
  /** Where reports of sessions go, and for how long they are kept. @default TALKGAUGE_REPORTS; without it there are none */
  reports?: ReportOptions;
  /** Receives warnings, one line each. @default console.warn */
  log?: (message: string) => void;
}

const reserved: ReadonlySet<string> = new Set([
  ...commonLabels,
  ...Object.values(metrics).flatMap((spec: MetricSpec) => Object.keys(spec.labels)),
  'le',
  'job',
  'instance',
]);

/** @throws {OptionError} for an option or variable that cannot be used; the message names it. */
export function resolveMonitorOptions(given: MonitorOptions = {}) {
  const options = new Options(given);
  return {
    port: options.integer('port', 'TALKGAUGE_PORT', 0, 65535) ?? 9464,
    host: options.string('host', ['TALKGAUGE_HOST']) ?? '127.0.0.1',
    labels: options.labels('labels', 'TALKGAUGE_LABELS', reserved) ?? {},
    auth: given.auth ?? authFrom(options),
    tls: given.tls ?? tlsFrom(options),
    strict: options.boolean('strict', 'TALKGAUGE_STRICT') ?? false,
    maxLabelValues: options.integer('maxLabelValues', 'TALKGAUGE_MAX_LABEL_VALUES', 1, 100_000) ?? 200,
    maxSeries: options.integer('maxSeries', 'TALKGAUGE_MAX_SERIES', 100, 10_000_000) ?? 20_000,
    // Used by jobs; resolved here too, so that a mistake is reported before the first job.
    telemetry: resolveTelemetry(given.telemetry),
    reports: resolveReports(new Options(given.reports)),
    prices: options.string('prices', [pricesVariable]),
    openTelemetry: options.boolean('openTelemetry', 'TALKGAUGE_OPEN_TELEMETRY') ?? true,
    options,
  };
}

function authFrom(options: Options): AuthOptions | undefined {
  const bearer = options.string('', ['TALKGAUGE_BEARER_TOKEN']);
  const username = options.string('', ['TALKGAUGE_BASIC_USER']);
  const password = options.string('', ['TALKGAUGE_BASIC_PASSWORD']);
  options.requireTogether({ TALKGAUGE_BASIC_USER: username, TALKGAUGE_BASIC_PASSWORD: password });
  if (!bearer && !username) return undefined;
  return { bearer, ...(username && password && { basic: { username, password } }) };
}

function tlsFrom(options: Options): TlsOptions | undefined {
  const cert = options.string('', ['TALKGAUGE_TLS_CERT']);
  const key = options.string('', ['TALKGAUGE_TLS_KEY']);
  const clientCa = options.string('', ['TALKGAUGE_TLS_CLIENT_CA']);
  // A client CA requires TLS.
  options.requireTogether({
    TALKGAUGE_TLS_CERT: cert,
    TALKGAUGE_TLS_KEY: key,
    ...(clientCa && { TALKGAUGE_TLS_CLIENT_CA: clientCa }),
  });
  return cert && key ? { cert, key, clientCa } : undefined;
}
