import { createRequire } from 'node:module';
import type { logs, resources, tracing } from '@opentelemetry/sdk-node';

/** `@opentelemetry/sdk-node` and, under it, the SDKs of traces, logs and resources. */
export type NodeSdkPackage = typeof import('@opentelemetry/sdk-node');

/** How OTLP is spoken; the value of OTEL_EXPORTER_OTLP_PROTOCOL. */
export const protocols = ['http/protobuf', 'http/json', 'grpc'] as const;
export type Protocol = (typeof protocols)[number];

/** Where a signal goes. What is left out, the exporter reads from the standard variables. */
export interface OtlpTarget {
  protocol: Protocol;
  url?: string;
  headers?: Record<string, string>;
}

// Loaded when asked for and at once: a program without a backend loads none of it, and a job's tracing must
// be there before the module that sets it up has been imported to its end.
const require = createRequire(import.meta.url);

export const loadNodeSdk = (): NodeSdkPackage => require('@opentelemetry/sdk-node');

export const loadLogsApi = (): typeof import('@opentelemetry/api-logs') => require('@opentelemetry/api-logs');

/** What makes requests of spans and log records, by signal and protocol. */
export function loadSerializers() {
  const otlp: typeof import('@opentelemetry/otlp-transformer') = require('@opentelemetry/otlp-transformer');
  return {
    TRACES: { 'http/protobuf': otlp.ProtobufTraceSerializer, 'http/json': otlp.JsonTraceSerializer },
    LOGS: { 'http/protobuf': otlp.ProtobufLogsSerializer, 'http/json': otlp.JsonLogsSerializer },
  };
}

const traceExporters = {
  'http/protobuf': () =>
    require('@opentelemetry/exporter-trace-otlp-proto') as typeof import('@opentelemetry/exporter-trace-otlp-proto'),
  'http/json': () =>
    require('@opentelemetry/exporter-trace-otlp-http') as typeof import('@opentelemetry/exporter-trace-otlp-http'),
  grpc: () =>
    require('@opentelemetry/exporter-trace-otlp-grpc') as typeof import('@opentelemetry/exporter-trace-otlp-grpc'),
};

const logExporters = {
  'http/protobuf': () =>
    require('@opentelemetry/exporter-logs-otlp-proto') as typeof import('@opentelemetry/exporter-logs-otlp-proto'),
  'http/json': () =>
    require('@opentelemetry/exporter-logs-otlp-http') as typeof import('@opentelemetry/exporter-logs-otlp-http'),
  grpc: () =>
    require('@opentelemetry/exporter-logs-otlp-grpc') as typeof import('@opentelemetry/exporter-logs-otlp-grpc'),
};

export function traceExporter({ protocol, url, headers }: OtlpTarget): tracing.SpanExporter {
  const { OTLPTraceExporter } = traceExporters[protocol]();
  return new OTLPTraceExporter({ ...(url && { url }), ...(headers && { headers }) } as never);
}

export function logExporter({ protocol, url, headers }: OtlpTarget): logs.LogRecordExporter {
  const { OTLPLogExporter } = logExporters[protocol]();
  return new OTLPLogExporter({ ...(url && { url }), ...(headers && { headers }) } as never);
}

/** Service name of spans and logs unless OTEL_SERVICE_NAME is set; LiveKit's own default. */
export const serviceName = 'livekit-agents';

/** What the process is: OTEL_RESOURCE_ATTRIBUTES and the detectors that OTEL_NODE_RESOURCE_DETECTORS names, else its host and pid. */
export function resourceOfProcess(version: string | undefined): resources.Resource {
  const { resources, core } = loadNodeSdk();
  const chosen = core.getStringListFromEnv('OTEL_NODE_RESOURCE_DETECTORS');
  const detectors = {
    env: resources.envDetector,
    host: resources.hostDetector,
    os: resources.osDetector,
    process: resources.processDetector,
    serviceinstance: resources.serviceInstanceIdDetector,
  };
  // The process detector would include the command line, which may hold secrets.
  const wanted = chosen?.includes('all') ? Object.keys(detectors) : (chosen ?? ['env', 'host']);
  const detected = resources.detectResources({
    detectors: Object.entries(detectors).flatMap(([name, one]) => (wanted.includes(name) ? [one] : [])),
  });
  return resources
    .defaultResource()
    .merge(
      resources.resourceFromAttributes({
        'service.name': serviceName,
        'process.pid': process.pid,
        ...(version && { 'service.version': version }),
      }),
    )
    .merge(detected);
}
