import { type Attributes, ProxyTracerProvider, type TracerProvider, trace } from '@opentelemetry/api';
import type { tracing } from '@opentelemetry/sdk-node';
import { spanProcessorsOf } from '../../private-apis/readers.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Sdk } from './sdk.ts';

/** Whether a tracer provider is registered with OpenTelemetry's API. */
const isRegistered = (): boolean =>
  delegateOf(trace.getTracerProvider()) !== new ProxyTracerProvider().getDelegate();

/** Span processors that LiveKit's SDK adds later. */
class AddedProcessors implements tracing.SpanProcessor {
  readonly #processors: tracing.SpanProcessor[] = [];

  readonly add = (processor: tracing.SpanProcessor): void => {
    this.#processors.push(processor);
  };
  onStart(...args: Parameters<tracing.SpanProcessor['onStart']>): void {
    for (const processor of this.#processors) processor.onStart(...args);
  }
  onEnding(span: tracing.Span): void {
    for (const processor of this.#processors) processor.onEnding?.(span);
  }
  onEnd(span: tracing.ReadableSpan): void {
    for (const processor of this.#processors) processor.onEnd(span);
  }
  async forceFlush(): Promise<void> {
    await Promise.all(this.#processors.map((processor) => processor.forceFlush()));
  }
  async shutdown(): Promise<void> {
    await Promise.all(this.#processors.map((processor) => processor.shutdown()));
  }
}

/** The provider behind the API's. */
const delegateOf = (provider: TracerProvider): TracerProvider =>
  provider instanceof ProxyTracerProvider ? provider.getDelegate() : provider;

/** Receives the SDK's spans, whichever provider creates them. */
export class SpanSource {
  readonly #telemetry: Telemetry;
  readonly #added = new AddedProcessors();
  readonly #own: TracerProvider | undefined;
  /** The processors that the SDK has added, to any provider. */
  readonly #sdkProcessors: { forceFlush(): Promise<void> }[] = [];
  readonly #joined = new WeakSet<TracerProvider>();
  readonly #attached = new WeakSet<object>();

  /** Registers a provider. An existing one is the user's, and is joined instead. */
  constructor(telemetry: Telemetry) {
    this.#telemetry = telemetry;
    if (!telemetry.spans) return;
    if (isRegistered()) this.#join(delegateOf(trace.getTracerProvider()));
    else {
      telemetry.startProvider(this.#added);
      this.#own = delegateOf(trace.getTracerProvider());
      this.#joined.add(this.#own);
    }
  }

  /** Passes the provider to a build of the SDK, and follows when its user sets another one. */
  attachTo({ telemetry: sdk }: Sdk, metadata: Attributes): void {
    const { spans, settings } = this.#telemetry;
    const { tracer } = sdk;
    if (!spans || this.#attached.has(tracer)) return;
    this.#attached.add(tracer);
    const current = tracer.getProvider();
    if (!(current instanceof ProxyTracerProvider)) this.#join(current);
    else if (this.#own) {
      sdk.setTracerProvider(this.#own, {
        registerSpanProcessor: (one) => {
          this.#added.add(one as tracing.SpanProcessor);
          this.#sdkProcessors.push(one);
        },
        metadata,
        allowPii: settings.allowPii,
      });
    } else {
      // The user's provider is registered, but not with the SDK: LiveKit's upload would replace it.
      const users = delegateOf(trace.getTracerProvider());
      const list = spanProcessorsOf<tracing.SpanProcessor>(users);
      const registerSpanProcessor = (one: { forceFlush(): Promise<void> }) => {
        list?.push(one as tracing.SpanProcessor);
        this.#sdkProcessors.push(one);
      };
      if (list) sdk.setTracerProvider(users, { registerSpanProcessor });
    }
    const setProvider = tracer.setProvider.bind(tracer);
    tracer.setProvider = (provider) => {
      setProvider(provider);
      this.#join(delegateOf(provider));
    };
  }

  /** Flushes LiveKit's own exporter: the SDK does not at the end of a job, and loses its last spans. */
  async flushSdkExporter(): Promise<void> {
    await Promise.all(this.#sdkProcessors.map((processor) => processor.forceFlush()));
  }

  #join(provider: TracerProvider): void {
    if (!this.#telemetry.spans || this.#joined.has(provider)) return;
    this.#joined.add(provider);
    const list = spanProcessorsOf<tracing.SpanProcessor>(provider);
    list?.push(this.#telemetry.spans);
  }
}
