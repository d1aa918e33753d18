import { profiles } from '../../catalogue/objectives.ts';
import { OptionError, Options } from '../../options.ts';
import type { RedactText } from './redaction.ts';

/** The OTLP protocol; the value of OTEL_EXPORTER_OTLP_PROTOCOL. */
export const protocols = ['http/protobuf', 'http/json', 'grpc'] as const;
export type Protocol = (typeof protocols)[number];

/** Where a signal goes. What is left out, the exporter reads from the standard variables. */
export interface OtlpTarget {
  protocol: Protocol;
  url?: string;
  headers?: Record<string, string>;
}

/** Where traces and logs go, and what of them. The variables of OpenTelemetry's specification are understood, too. */
export interface TelemetryOptions {
  /**
   * Base URL of an OTLP backend, to which `/v1/traces` and `/v1/logs` are added.
   * @default OTEL_EXPORTER_OTLP_ENDPOINT, or for one signal OTEL_EXPORTER_OTLP_TRACES_ENDPOINT or
   *   OTEL_EXPORTER_OTLP_LOGS_ENDPOINT; without any, there are neither traces nor logs
   */
  endpoint?: string;
  /** Headers of each request, such as credentials. @default OTEL_EXPORTER_OTLP_HEADERS */
  headers?: Record<string, string>;
  /**
   * Whether spans and log lines keep conversation content (what was said, what tools were given and answered,
   * prompts, messages of errors). @default TALKGAUGE_ALLOW_PII, LIVEKIT_TELEMETRY_ALLOW_PII, or false
   */
  allowPii?: boolean;
  /** Edits every text of a span, a log line or a conversation record before it leaves the process. @default nothing is edited */
  redact?: RedactText;
  /**
   * Share of turns whose spans are kept, 0 to 1; those that were slow, failed or were interrupted are kept in
   * any case. @default TALKGAUGE_TURN_RATIO, or 1
   */
  turnRatio?: number;
  /** From which latency on a turn is slow, in seconds. @default TALKGAUGE_SLOW_TURN_SECONDS, or the latency objective's target, 1.5 */
  slowTurnSeconds?: number;
  /** How long the end of a job may wait for the backend, in milliseconds. @default TALKGAUGE_FLUSH_DEADLINE_MS, or 3000 */
  flushDeadlineMs?: number;
}

export interface TelemetrySettings {
  /** undefined: there are no traces. */
  traces: OtlpTarget | undefined;
  /** undefined: there are no logs. */
  logs: OtlpTarget | undefined;
  allowPii: boolean;
  redact: RedactText | undefined;
  turnRatio: number;
  slowTurnSeconds: number;
  flushDeadlineMs: number;
}

/** @throws {OptionError} for an option or variable that cannot be used; the message names it. */
export function resolveTelemetry(given: TelemetryOptions = {}): TelemetrySettings {
  const options = new Options(given);
  const disabled = options.boolean('', 'OTEL_SDK_DISABLED') ?? false;
  return {
    traces: disabled ? undefined : target(options, given, 'traces'),
    logs: disabled ? undefined : target(options, given, 'logs'),
    allowPii:
      options.boolean('allowPii', 'TALKGAUGE_ALLOW_PII') ??
      options.boolean('', 'LIVEKIT_TELEMETRY_ALLOW_PII') ??
      false,
    redact: given.redact,
    turnRatio: options.number('turnRatio', 'TALKGAUGE_TURN_RATIO', 0, 1) ?? 1,
    slowTurnSeconds:
      options.number('slowTurnSeconds', 'TALKGAUGE_SLOW_TURN_SECONDS', 0, 600) ??
      profiles.standard.turnLatency.seconds,
    flushDeadlineMs: options.integer('flushDeadlineMs', 'TALKGAUGE_FLUSH_DEADLINE_MS', 0, 30_000) ?? 3000,
  };
}

function target(
  options: Options,
  { headers }: TelemetryOptions,
  signal: 'traces' | 'logs',
): OtlpTarget | undefined {
  const own = `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}`;
  const endpoint = options.string('endpoint', []);
  const variable = [`${own}_ENDPOINT`, 'OTEL_EXPORTER_OTLP_ENDPOINT'].find((name) =>
    process.env[name]?.trim(),
  );
  const exporters = options.string('', [`OTEL_${signal.toUpperCase()}_EXPORTER`]) ?? 'otlp';
  if ((!endpoint && !variable) || !exporters.split(',').some((name) => name.trim() === 'otlp'))
    return undefined;
  const protocol = protocolFrom(options.string('', [`${own}_PROTOCOL`, 'OTEL_EXPORTER_OTLP_PROTOCOL']));
  if (protocol !== 'grpc') {
    validate(endpoint ? 'endpoint' : (variable as string), endpoint ?? process.env[variable as string] ?? '');
  }
  return {
    protocol,
    headers,
    ...(endpoint && { url: protocol === 'grpc' ? endpoint : `${endpoint.replace(/\/+$/, '')}/v1/${signal}` }),
  };
}

function protocolFrom(text = 'http/protobuf'): Protocol {
  const known = protocols.find((protocol) => protocol === text);
  if (known) return known;
  throw new OptionError(
    `OTEL_EXPORTER_OTLP_PROTOCOL="${text}" cannot be used: give ${protocols.join(', ')}, or leave it out.`,
  );
}

function validate(name: string, url: string): void {
  if (URL.canParse(url.trim()) && /^https?:$/.test(new URL(url.trim()).protocol)) return;
  throw new OptionError(
    `${name}="${url}" cannot be used: give a URL, such as http://localhost:4318, or leave it out.`,
  );
}
