import {
  context,
  createContextKey,
  createNoopMeter,
  type MeterProvider,
  metrics,
  ROOT_CONTEXT,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { afterEach, describe, expect, test } from 'vitest';
import { forwardOpenTelemetry } from '../../../src/agent/otel/forward.ts';
import {
  createMeterProvider,
  registerMeterProvider,
  routesOf,
} from '../../../src/agent/otel/meter-provider.ts';
import { serveOpenTelemetry } from '../../../src/agent/otel/serve.ts';
import type { Observation } from '../../../src/catalogue/observation.ts';
import type { MetricSpec } from '../../../src/catalogue/types.ts';

const stall = 'lk.agents.event_loop.blocked_duration';

function recording(specs?: Record<string, MetricSpec>) {
  const recorded: Observation[] = [];
  const provider = createMeterProvider({
    routes: routesOf(specs),
    record: (sample) => recorded.push(sample),
  });
  return { meter: provider.getMeter('livekit-agents'), recorded };
}

describe('an instrument in the catalogue', () => {
  test('becomes an observation with only the labels declared in the catalogue', () => {
    const { meter, recorded } = recording();
    meter.createHistogram(stall, { unit: 's' }).record(0.25, {
      severity: 'warning',
      cause: 'code',
      room_id: 'RM_1',
      job_id: 'AJ_1',
      'lk.agent_name': 'front-desk',
    });
    expect(recorded).toEqual([
      {
        metric: 'lk_agents_event_loop_blocked_duration_seconds',
        labels: { severity: 'warning', cause: 'code' },
        value: 0.25,
        exemplar: undefined,
      },
    ]);
  });

  test('has the sampled span of its measurement as exemplar', () => {
    const { meter, recorded } = recording();
    const within = (traceFlags: TraceFlags) =>
      trace.setSpanContext(ROOT_CONTEXT, {
        traceId: '0af7651916cd43dd8448eb211c80319c',
        spanId: 'b7ad6b7169203331',
        traceFlags,
      });
    const histogram = meter.createHistogram(stall, { unit: 's' });
    histogram.record(1, {}, within(TraceFlags.SAMPLED));
    histogram.record(1, {}, within(TraceFlags.NONE));
    histogram.record(1, {}, context.active().setValue(createContextKey('x'), 1));
    expect(recorded.map(({ exemplar }) => exemplar)).toEqual([
      { trace_id: '0af7651916cd43dd8448eb211c80319c', span_id: 'b7ad6b7169203331' },
      undefined,
      undefined,
    ]);
  });

  test('is ignored with another unit or kind', () => {
    const { meter, recorded } = recording();
    meter.createHistogram(stall, { unit: 'ms' }).record(250);
    meter.createHistogram(stall).record(250);
    meter.createCounter(stall, { unit: 's' }).add(1);
    meter.createUpDownCounter(stall, { unit: 's' }).add(1);
    expect(recorded).toEqual([]);
  });

  test('may be a counter or an up-down counter', () => {
    const { meter, recorded } = recording({
      made_total: {
        type: 'counter',
        help: '',
        unit: 'seconds',
        labels: { kind: 'open' },
        source: 'OpenTelemetry: made',
      },
      held_bytes: { type: 'gauge', help: '', unit: 'bytes', labels: {}, source: 'OpenTelemetry: held' },
    });
    meter.createCounter('made', { unit: 's' }).add(2, { kind: 'a', other: 'b' });
    meter.createUpDownCounter('held', { unit: 'By' }).add(-3);
    expect(recorded.map(({ metric, labels, value }) => ({ metric, labels, value }))).toEqual([
      { metric: 'made_total', labels: { kind: 'a' }, value: 2 },
      { metric: 'held_bytes', labels: {}, value: -3 },
    ]);
  });
});

test('without a provider for them, all other instruments are no-ops', () => {
  const { meter, recorded } = recording();
  meter.createCounter('a').add(1);
  meter.createHistogram('b').record(1);
  meter.createUpDownCounter('c').add(1);
  meter.createGauge('d').record(1);
  const observables = [
    meter.createObservableCounter('e'),
    meter.createObservableGauge('f'),
    meter.createObservableUpDownCounter('g'),
  ];
  const callback = () => {};
  meter.addBatchObservableCallback(callback, observables);
  meter.removeBatchObservableCallback(callback, observables);
  expect(recorded).toEqual([]);
});

describe('registration', () => {
  const provider = (): MeterProvider => ({ getMeter: () => createNoopMeter() });
  const globals = globalThis as unknown as { [key: symbol]: { version: string } };
  const key = Symbol.for('opentelemetry.js.api.1');

  afterEach(() => metrics.disable());

  test('a provider is global until it is unregistered', () => {
    const mine = provider();
    const unregister = registerMeterProvider(mine, () => {});
    expect(metrics.getMeterProvider()).toBe(mine);
    unregister?.();
    expect(metrics.getMeterProvider()).not.toBe(mine);
  });

  test('an existing user provider is kept, nothing is measured, and a message is logged', async () => {
    const users = provider();
    metrics.setGlobalMeterProvider(users);
    const logged: string[] = [];
    const options = { record: () => {}, log: (message: string) => logged.push(message) };
    const served = serveOpenTelemetry(options);
    const stop = forwardOpenTelemetry(options);
    expect(metrics.getMeterProvider()).toBe(users);
    expect(served.registered).toBe(false);
    expect(await served.expose('text')).toBe('');
    expect(logged).toHaveLength(2);
    expect(logged[0]).toContain('go to the MeterProvider that is registered already');
    stop();
    await served.close();
    expect(metrics.getMeterProvider()).toBe(users);
  });

  test("Talkgauge's own provider is not reported as a foreign one", async () => {
    const logged: string[] = [];
    const options = { record: () => {}, log: (message: string) => logged.push(message) };
    const served = serveOpenTelemetry(options);
    const registered = metrics.getMeterProvider();
    forwardOpenTelemetry(options)();
    expect(metrics.getMeterProvider()).toBe(registered);
    expect(logged).toEqual([]);
    await served.close();
  });

  test('unregistering does not affect a provider that was registered later', () => {
    const unregister = registerMeterProvider(provider(), () => {});
    metrics.disable();
    const users = provider();
    metrics.setGlobalMeterProvider(users);
    unregister?.();
    expect(metrics.getMeterProvider()).toBe(users);
  });

  test('another version of the API in the process is reported', () => {
    metrics.setGlobalMeterProvider(provider());
    metrics.disable();
    const api = globals[key] as { version: string };
    const { version } = api;
    api.version = '1.0.0';
    const logged: string[] = [];
    expect(registerMeterProvider(provider(), (message) => logged.push(message))).toBeUndefined();
    api.version = version;
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain('@opentelemetry/api 1.0.0 is in use already');
  });
});
