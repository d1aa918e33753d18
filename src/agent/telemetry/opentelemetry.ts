import { createRequire } from 'node:module';
import type { logs, resources, tracing } from '@opentelemetry/sdk-node';
import { packagePath } from '../../package.ts';
import type { OtlpTarget } from './settings.ts';

/** `@opentelemetry/sdk-node` and, under it, the SDKs of traces, logs and resources. */
export type NodeSdkPackage = typeof import('@opentelemetry/sdk-node');

type Packages = typeof import('./opentelemetry-packages.ts');

// Loaded when asked for and at once: a program without a backend loads none of it, and a job's tracing must
// be there before the module that sets it up has been imported to its end.
const load = (): Packages => createRequire(import.meta.url)(packagePath('dist/opentelemetry.cjs'));

export const loadNodeSdk = (): NodeSdkPackage => load().nodeSdk;

export const loadLogsApi = (): Packages['logsApi'] => load().logsApi;

/** What makes requests of spans and log records, by signal and protocol. */
export function loadSerializers() {
  const { serializers } = load();
  return {
    TRACES: {
      'http/protobuf': serializers.ProtobufTraceSerializer,
      'http/json': serializers.JsonTraceSerializer,
    },
    LOGS: {
      'http/protobuf': serializers.ProtobufLogsSerializer,
      'http/json': serializers.JsonLogsSerializer,
    },
  };
}

export function traceExporter({ protocol, url, headers }: OtlpTarget): tracing.SpanExporter {
  const { ProtobufTraceExporter, JsonTraceExporter, GrpcTraceExporter } = load();
  const Exporter = {
    'http/protobuf': ProtobufTraceExporter,
    'http/json': JsonTraceExporter,
    grpc: GrpcTraceExporter,
  }[protocol];
  return new Exporter({ ...(url && { url }), ...(headers && { headers }) } as never);
}

export function logExporter({ protocol, url, headers }: OtlpTarget): logs.LogRecordExporter {
  const { ProtobufLogExporter, JsonLogExporter, GrpcLogExporter } = load();
  const Exporter = {
    'http/protobuf': ProtobufLogExporter,
    'http/json': JsonLogExporter,
    grpc: GrpcLogExporter,
  }[protocol];
  return new Exporter({ ...(url && { url }), ...(headers && { headers }) } as never);
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
