import { type Attributes, ProxyTracerProvider, type TracerProvider, trace } from '@opentelemetry/api';
import type { tracing } from '@opentelemetry/sdk-node';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Sdk } from './sdk.ts';

// Every copy of @opentelemetry/api 1.x keeps its globals here.
const globals = Symbol.for('opentelemetry.js.api.1');

/** Whether somebody has registered a tracer provider with OpenTelemetry's API. */
const isRegistered = (): boolean =>
  (globalThis as { [globals]?: { trace?: unknown } })[globals]?.trace !== undefined;

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

/**
 * The processors of a provider that somebody else has made. OpenTelemetry 2 has no way to add one to it, so
 * this reads where version 2 keeps them; undefined: it keeps them elsewhere.
 */
function processorsOf(provider: TracerProvider): tracing.SpanProcessor[] | undefined {
  const { _activeSpanProcessor } = provider as { _activeSpanProcessor?: { _spanProcessors?: unknown } };
  const list = _activeSpanProcessor?._spanProcessors;
  return Array.isArray(list) ? list : undefined;
}

/** Sees to it that the SDK's spans come to Earshot, whichever provider makes them. */
export class Provider {
  readonly #telemetry: Telemetry;
  readonly #log: (message: string) => void;
  readonly #further = new Further();
  readonly #own: TracerProvider | undefined;
  /** What the SDK has added, to whichever provider. */
  readonly #livekits: { forceFlush(): Promise<void> }[] = [];
  readonly #joined = new WeakSet<TracerProvider>();
  readonly #handed = new WeakSet<object>();

  /** Registers a provider, unless there is one: that is the user's, and is joined. */
  constructor(telemetry: Telemetry, log: (message: string) => void) {
    this.#telemetry = telemetry;
    this.#log = log;
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
      const list = processorsOf(users);
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
    const list = processorsOf(provider);
    if (list) list.push(this.#telemetry.spans);
    else {
      this.#log(
        'spans go to your TracerProvider only, for it is of a kind that Earshot cannot join; make it with @opentelemetry/sdk-trace-node 2',
      );
    }
  }
}
