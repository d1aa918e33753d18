/** What `opentelemetry.ts` loads when there is a backend. It is bundled to a file of its own: `dist/opentelemetry.cjs`. */
export * as logsApi from '@opentelemetry/api-logs';
export { OTLPLogExporter as GrpcLogExporter } from '@opentelemetry/exporter-logs-otlp-grpc';
export { OTLPLogExporter as JsonLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
export { OTLPLogExporter as ProtobufLogExporter } from '@opentelemetry/exporter-logs-otlp-proto';
export { OTLPTraceExporter as GrpcTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
export { OTLPTraceExporter as JsonTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
export { OTLPTraceExporter as ProtobufTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
export * as serializers from '@opentelemetry/otlp-transformer';
export * as nodeSdk from '@opentelemetry/sdk-node';
