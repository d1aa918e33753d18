import type { Attributes } from '@opentelemetry/api';
import {
  type IAttributesProcessor,
  MetricReader,
  MeterProvider as SdkMeterProvider,
} from '@opentelemetry/sdk-metrics';
import type { Format } from '../../catalogue/exposition-text.ts';
import { type Family, familiesOf, namesOf, render } from './exposition.ts';
import type { ForwardOptions } from './forward.ts';
import { createGuard, logOnce } from './forward.ts';
import { createMeterProvider, registerMeterProvider, routesOf } from './meter-provider.ts';
import { observeNodeState, recordNodeActivity } from './node-metrics.ts';

export interface ServeOptions extends ForwardOptions {
  /** Whether the registry has a family or sample of this name; an instrument of that name is left out. @default none */
  taken?: (name: string) => boolean;
  /** Labels that every family of {@link OpenTelemetry.expose} carries. @default none */
  labels?: Readonly<Record<string, string>>;
  /** How many different attribute sets the instruments outside the catalogue may have in all. @default 2000 */
  maxAttributeSets?: number;
}

export interface OpenTelemetry {
  /** Whether it is this provider that the process's instruments report to. */
  readonly registered: boolean;
  /** The families outside the catalogue, which `append` adds to the registry's exposition; never rejects. */
  expose(format: Format): Promise<string>;
  /** Unregisters the global provider and stops measuring. */
  close(): Promise<void>;
}

/**
 * In the worker: instruments of the catalogue go to `record`, all others are aggregated here and
 * exposed beside the registry, without what identifies a room, job or person. So are those of Node.js.
 */
export function serveOpenTelemetry(options: ServeOptions): OpenTelemetry {
  const {
    record,
    log = console.warn,
    specs,
    taken = () => false,
    labels = {},
    maxAttributeSets = 2_000,
  } = options;
  const guard = createGuard(record, log);
  const reader = new PullReader();
  const others = new SdkMeterProvider({
    readers: [reader],
    views: [{ instrumentName: '*', attributesProcessors: [boundedAttributes(maxAttributeSets)] }],
  });
  const provider = createMeterProvider({ routes: routesOf(specs), record: guard.record, others });
  const unregister = registerMeterProvider(provider, log);
  if (!unregister) return { registered: false, expose: async () => '', close: async () => {} };
  const stops = [recordNodeActivity({ provider, process: 'worker' }), observeNodeState(provider)];
  const once = logOnce(log);
  let closed: Promise<void> | undefined;

  return {
    registered: true,
    async expose(format) {
      if (closed) return '';
      try {
        const { resourceMetrics, errors } = await reader.collect({ timeoutMillis: 2_000 });
        for (const error of errors) once(`An OpenTelemetry instrument failed: ${error}`);
        const refuse = (instrument: string, why: string) =>
          once(`The OpenTelemetry instrument ${instrument} is left out: ${why}`);
        return render(distinct(familiesOf(resourceMetrics, labels, refuse), taken, refuse), format);
      } catch (error) {
        once(`OpenTelemetry metrics could not be collected: ${error}`);
        return '';
      }
    },
    close() {
      closed ??= (async () => {
        for (const stop of stops) stop();
        guard.close();
        unregister();
        await others.shutdown();
      })();
      return closed;
    },
  };
}

/** Those families of which no name is in use yet, neither in the registry nor by a family before them. */
function distinct(
  families: Family[],
  taken: (name: string) => boolean,
  refuse: (family: string, why: string) => void,
): Family[] {
  const used = new Set<string>();
  return families.filter((family) => {
    const names = namesOf(family);
    // A gauge called `x_count` would be a sample of the registry's histogram `x`.
    const owner = family.name.replace(/_(total|bucket|sum|count)$/, '');
    const conflict =
      names.find((name) => used.has(name) || taken(name)) ?? (taken(owner) ? owner : undefined);
    if (conflict !== undefined) {
      refuse(family.name, `the name ${conflict} is in use`);
      return false;
    }
    for (const name of names) used.add(name);
    return true;
  });
}

/** Collects on request only. */
class PullReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/** Attributes that identify a call: `room_id`, `lk.job_id`, `lk.pii.room_name`, `phone_number`, … */
const identifying = new RegExp(
  [
    '(?:^|[._-])(?:',
    'pii[._-].+|',
    'room|participant|phone(?:[._-]?number)?|',
    '(?:room|participant|user)[._-]?(?:name|identity)|',
    '(?:room|participant|user|job|session|conversation|dispatch|speech|generation|segment|track|request|response|call)',
    '[._-]?s?ids?',
    ')$',
  ].join(''),
  'i',
);

export const isIdentifying = (attribute: string): boolean => identifying.test(attribute);

/** What OpenTelemetry's own cardinality limit puts in the place of attributes. */
const overflowAttributes: Attributes = { 'otel.metric.overflow': true };

/**
 * Leaves out what identifies a call, and lets no more than `max` different attribute sets through;
 * further ones become `otel.metric.overflow`.
 *
 * The SDK's own limit counts from nought again after each collection, so it does not bound a process
 * that lives for days.
 */
export function boundedAttributes(max: number): IAttributesProcessor {
  const seen = new Set<string>();
  return {
    process(incoming) {
      const kept = Object.entries(incoming)
        .filter(([attribute]) => !isIdentifying(attribute))
        .sort(([a], [b]) => (a < b ? -1 : 1));
      const key = JSON.stringify(kept);
      if (!seen.has(key)) {
        if (seen.size >= max) return overflowAttributes;
        seen.add(key);
      }
      return Object.fromEntries(kept);
    },
  };
}
