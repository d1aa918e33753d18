// An agent with its own tracer provider, which exports to TEST_BACKEND: registered with OpenTelemetry's API before
// Talkgauge, or passed to LiveKit's SDK before or after it.
import { fileURLToPath } from 'node:url';
import * as sdk from '@livekit/agents';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { node, tracing } from '@opentelemetry/sdk-node';
import { monitor, observe } from 'talkgauge';
import { converse } from './conversation.cjs';
import { serverOptions } from './server-options.cjs';

const how = process.env.TEST_PROVIDER;
const provider = new node.NodeTracerProvider({
  spanProcessors: [
    new tracing.SimpleSpanProcessor(
      new OTLPTraceExporter({ url: `${process.env.TEST_BACKEND}/v1/traces`, headers: {} }),
    ),
  ],
});

export default sdk.defineAgent({ entry: (ctx) => converse(sdk, ctx, observe) });

if (how === 'registered before') provider.register();
if (how === 'handed over before') sdk.telemetry.setTracerProvider(provider);
await monitor();
if (how === 'handed over after') sdk.telemetry.setTracerProvider(provider);
sdk.cli.runApp(new sdk.ServerOptions({ agent: fileURLToPath(import.meta.url), ...serverOptions(sdk) }));
