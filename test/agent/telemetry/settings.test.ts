import { afterEach, describe, expect, test, vi } from 'vitest';
import { resolveTelemetry, type TelemetryOptions } from '../../../src/agent/telemetry/settings.ts';

afterEach(() => vi.unstubAllEnvs());

function resolve(env: Record<string, string> = {}, options?: TelemetryOptions) {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  return resolveTelemetry(options);
}

test('traces and logs are off without an endpoint', () => {
  expect(resolve()).toEqual({
    traces: undefined,
    logs: undefined,
    allowPii: false,
    redact: undefined,
    turnRatio: 1,
    slowTurnSeconds: 1.5,
    flushDeadlineMs: 3000,
  });
});

describe('the standard variables', () => {
  const endpoint = 'http://localhost:4318';

  test('configure both signals, and the exporters read the address themselves', () => {
    const { traces, logs } = resolve({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
    expect([traces, logs]).toEqual([{ protocol: 'http/protobuf' }, { protocol: 'http/protobuf' }]);
  });

  test.each([
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${endpoint}/v1/traces` }, [true, false]],
    [{ OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${endpoint}/otlp/v1/logs` }, [false, true]],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_LOGS_EXPORTER: 'none' }, [true, false]],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_EXPORTER: 'none' }, [false, true]],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_EXPORTER: 'console, otlp' }, [true, true]],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SDK_DISABLED: 'true' }, [false, false]],
  ])('%j turn traces and logs on or off: %j', (env, expected) => {
    const { traces, logs } = resolve(env as Record<string, string>);
    expect([traces !== undefined, logs !== undefined]).toEqual(expected);
  });

  test('configure the OTLP protocol for one signal or both', () => {
    const { traces, logs } = resolve({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4317',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: endpoint,
    });
    expect([traces?.protocol, logs?.protocol]).toEqual(['grpc', 'http/json']);
  });
});

test('an endpoint option is extended with the path of each signal', () => {
  const headers = { authorization: 'Basic Zm9v' };
  const { traces, logs } = resolve({}, { endpoint: 'https://example.com/otel/', headers });
  expect(traces).toEqual({ protocol: 'http/protobuf', headers, url: 'https://example.com/otel/v1/traces' });
  expect(logs?.url).toBe('https://example.com/otel/v1/logs');
});

test.each([
  ['TALKGAUGE_ALLOW_PII', 'true', 'allowPii', true],
  ['LIVEKIT_TELEMETRY_ALLOW_PII', '1', 'allowPii', true],
  ['TALKGAUGE_TURN_RATIO', '0.25', 'turnRatio', 0.25],
  ['TALKGAUGE_SLOW_TURN_SECONDS', '0.8', 'slowTurnSeconds', 0.8],
  ['TALKGAUGE_FLUSH_DEADLINE_MS', '500', 'flushDeadlineMs', 500],
] as const)('%s=%s sets %s', (name, text, option, value) => {
  expect(resolve({ [name]: text })[option]).toBe(value);
});

test("Talkgauge's variable takes precedence over LiveKit's", () => {
  expect(resolve({ TALKGAUGE_ALLOW_PII: 'no', LIVEKIT_TELEMETRY_ALLOW_PII: '1' }).allowPii).toBe(false);
});

test.each([
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318' }, 'give a URL, such as http://localhost:4318'],
  [
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a', OTEL_EXPORTER_OTLP_PROTOCOL: 'http' },
    'OTEL_EXPORTER_OTLP_PROTOCOL="http" cannot be used: give http/protobuf, http/json, grpc',
  ],
  [{ TALKGAUGE_TURN_RATIO: '2' }, 'TALKGAUGE_TURN_RATIO="2" cannot be used: give a number from 0 to 1'],
])('%j is refused with the allowed values', (env, message) => {
  expect(() => resolve(env as Record<string, string>)).toThrow(message);
});
