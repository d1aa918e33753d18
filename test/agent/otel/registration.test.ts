import { createNoopMeter, type MeterProvider, metrics } from '@opentelemetry/api';
import { afterEach, expect, test } from 'vitest';
import { forwardOpenTelemetry } from '../../../src/agent/otel/forward.ts';
import { registerMeterProvider } from '../../../src/agent/otel/registration.ts';
import { serveOpenTelemetry } from '../../../src/agent/otel/serve.ts';

const provider = (): MeterProvider => ({ getMeter: () => createNoopMeter() });
const globals = globalThis as unknown as { [key: symbol]: { version: string } };
const key = Symbol.for('opentelemetry.js.api.1');

afterEach(() => metrics.disable());

test('a provider is the global one until it is taken back', () => {
  const mine = provider();
  const unregister = registerMeterProvider(mine, () => {});
  expect(metrics.getMeterProvider()).toBe(mine);
  unregister?.();
  expect(metrics.getMeterProvider()).not.toBe(mine);
});

test("the user's provider stays, nothing is measured, and the log says so", async () => {
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

test("Talkgauge's own provider is not reported as somebody else's", async () => {
  const logged: string[] = [];
  const options = { record: () => {}, log: (message: string) => logged.push(message) };
  const served = serveOpenTelemetry(options);
  const registered = metrics.getMeterProvider();
  forwardOpenTelemetry(options)();
  expect(metrics.getMeterProvider()).toBe(registered);
  expect(logged).toEqual([]);
  await served.close();
});

test('taking it back leaves a provider alone that came after', () => {
  const unregister = registerMeterProvider(provider(), () => {});
  metrics.disable();
  const users = provider();
  metrics.setGlobalMeterProvider(users);
  unregister?.();
  expect(metrics.getMeterProvider()).toBe(users);
});

test('another version of the API in the process is named', () => {
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
