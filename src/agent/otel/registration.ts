import { type MeterProvider, metrics } from '@opentelemetry/api';

// Every copy of @opentelemetry/api 1.x keeps its globals here. Read directly, because the API itself
// answers "none" with a no-op provider that cannot be told from a real one.
const globals = Symbol.for('opentelemetry.js.api.1');
const ours = Symbol.for('talkgauge.meterProvider');

interface ApiGlobals {
  version?: string;
  metrics?: MeterProvider & { [ours]?: true };
}

const api = () => (globalThis as { [globals]?: ApiGlobals })[globals];

/**
 * Makes `provider` the process's global one, unless there is one already: the user's own wins, and
 * the API lets it be set only once. Returns what takes it back, or undefined when it was not set
 * (then `log` hears why, except when the other one is Talkgauge's, too).
 */
export function registerMeterProvider(
  provider: MeterProvider,
  log: (message: string) => void,
): (() => void) | undefined {
  const existing = api()?.metrics;
  if (existing?.[ours]) return undefined;
  if (existing) {
    log('OpenTelemetry metrics go to the MeterProvider that is registered already; /metrics is without them');
    return undefined;
  }
  const marked = Object.assign(provider, { [ours]: true as const });
  if (!metrics.setGlobalMeterProvider(marked)) {
    log(
      `OpenTelemetry metrics are not on /metrics: @opentelemetry/api ${api()?.version} is in use already and ` +
        'does not go with the one that Talkgauge depends on; install a single version of it',
    );
    return undefined;
  }
  return () => {
    if (api()?.metrics === marked) metrics.disable();
  };
}
