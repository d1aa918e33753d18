import { type Attributes, ProxyTracerProvider, type TracerProvider, trace } from '@opentelemetry/api';
import type { tracing } from '@opentelemetry/sdk-node';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { spanProcessorsOf } from './private-apis.ts';
import type { Sdk } from './sdk.ts';

/** Whether somebody has registered a tracer provider with OpenTelemetry's API: without one, the API's does nothing. */
const isRegistered = (): boolean =>
  behind(trace.getTracerProvider()) !== new ProxyTracerProvider().getDelegate();

/** A list of processors that LiveKit's SDK adds its own to. */
class Further implements tracing.SpanProcessor {
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
const behind = (provider: TracerProvider): TracerProvider =>
  provider instanceof ProxyTracerProvider ? provider.getDelegate() : provider;

/** Sees to it that the SDK's spans come to Talkgauge, whichever provider makes them. */
export class Provider {
  readonly #telemetry: Telemetry;
  readonly #further = new Further();
  readonly #own: TracerProvider | undefined;
  /** What the SDK has added, to whichever provider. */
  readonly #livekits: { forceFlush(): Promise<void> }[] = [];
  readonly #joined = new WeakSet<TracerProvider>();
  readonly #handed = new WeakSet<object>();

  /** Registers a provider, unless there is one: that is the user's, and is joined. */
  constructor(telemetry: Telemetry) {
    this.#telemetry = telemetry;
    if (!telemetry.spans) return;
    if (isRegistered()) this.#join(behind(trace.getTracerProvider()));
    else {
      telemetry.startProvider(this.#further);
      this.#own = behind(trace.getTracerProvider());
      this.#joined.add(this.#own);
    }
  }

  /** Hands the provider to a build of the SDK, and follows when its user sets another one. */
  handTo({ telemetry: sdk }: Sdk, metadata: Attributes): void {
    const { spans, settings } = this.#telemetry;
    const { tracer } = sdk;
    if (!spans || this.#handed.has(tracer)) return;
    this.#handed.add(tracer);
    const current = tracer.getProvider();
    if (!(current instanceof ProxyTracerProvider)) this.#join(current);
    else if (this.#own) {
      sdk.setTracerProvider(this.#own, {
        registerSpanProcessor: (one) => {
          this.#further.add(one as tracing.SpanProcessor);
          this.#livekits.push(one);
        },
        metadata,
        allowPii: settings.allowPii,
      });
    } else {
      // The user's own is registered and was not handed over: LiveKit's upload would take the spans away from it.
      const users = behind(trace.getTracerProvider());
      const list = spanProcessorsOf(users);
      const registerSpanProcessor = (one: { forceFlush(): Promise<void> }) => {
        list?.push(one as tracing.SpanProcessor);
        this.#livekits.push(one);
      };
      if (list) sdk.setTracerProvider(users, { registerSpanProcessor });
    }
    const setProvider = tracer.setProvider.bind(tracer);
    tracer.setProvider = (provider) => {
      setProvider(provider);
      this.#join(behind(provider));
    };
  }

  /** Sends what LiveKit's own exporter still holds: at the end of a job the SDK does not, and its last spans are lost. */
  async flushLiveKits(): Promise<void> {
    await Promise.all(this.#livekits.map((processor) => processor.forceFlush()));
  }

  #join(provider: TracerProvider): void {
    if (!this.#telemetry.spans || this.#joined.has(provider)) return;
    this.#joined.add(provider);
    const list = spanProcessorsOf(provider);
    list?.push(this.#telemetry.spans);
  }
}
