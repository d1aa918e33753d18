import { metrics } from '@opentelemetry/api';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  boundedAttributes,
  isIdentifying,
  type OpenTelemetry,
  type ServeOptions,
  serveOpenTelemetry,
} from '../../../src/agent/otel/serve.ts';
import type { Observation } from '../../../src/catalogue/observation.ts';
import { createRecorder } from '../../../src/metrics/recorder.ts';

const open: OpenTelemetry[] = [];
afterEach(async () => {
  for (const served of open.splice(0)) await served.close();
});

function serve(options: Partial<ServeOptions> = {}) {
  const recorded: Observation[] = [];
  const logged: string[] = [];
  const served = serveOpenTelemetry({
    record: (sample) => recorded.push(sample),
    log: (message) => logged.push(message),
    ...options,
  });
  open.push(served);
  return { ...served, recorded, logged };
}

/** The names of the families, each of which must occur once. */
const families = (text: string) => [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);

describe('in the worker', () => {
  test("Node's own instruments are served", async () => {
    const { expose } = serve();
    const text = await expose('text');
    for (const family of [
      'nodejs_eventloop_utilization_ratio',
      'v8js_memory_heap_limit_bytes',
      'v8js_memory_heap_space_size_bytes',
      'v8js_memory_heap_used_bytes',
      'v8js_memory_heap_space_available_size_bytes',
      'v8js_memory_heap_space_physical_size_bytes',
      'v8js_resource_active',
    ]) {
      expect(text).toContain(`# TYPE ${family} gauge\n`);
    }
    expect(text).toMatch(/^v8js_memory_heap_used_bytes\{v8js_heap_space_name="old_space"\} \d+$/m);
    expect(text).not.toContain('NaN');
  });

  test('event-loop delays are those since the last collection', async () => {
    const { expose } = serve();
    const delay = async () => {
      await new Promise((resolve) => setTimeout(resolve, 60));
      return Number((await expose('text')).match(/^nodejs_eventloop_delay_max_seconds (\S+)$/m)?.[1]);
    };
    // Node records no delay between a reset and its next clock read, so the first stall may be missed.
    const stalled = await vi.waitFor(
      async () => {
        const end = performance.now() + 500;
        while (performance.now() < end);
        const seen = await delay();
        expect(seen).toBeGreaterThan(0.4);
        return seen;
      },
      { timeout: 60_000, interval: 1 },
    );
    // A busy machine may stall again afterwards; a value that is never reset would not decrease.
    await vi.waitFor(async () => expect(await delay()).toBeLessThan(stalled), {
      timeout: 60_000,
      interval: 1,
    });
  });

  test('instruments of any library are served, without room and job attributes', async () => {
    const { expose } = serve();
    const meter = metrics.getMeter('my-agent', '1.2.3');
    meter.createCounter('orders').add(1, { kind: 'pizza', room_id: 'RM_1', 'lk.job_id': 'AJ_1' });
    meter.createCounter('orders').add(1, { kind: 'pizza', room_id: 'RM_2', 'lk.job_id': 'AJ_2' });
    meter
      .createObservableGauge('ovens')
      .addCallback((result) => result.observe(3, { participant_id: 'PA_1' }));
    const text = await expose('text');
    expect(text).toContain('orders_total{kind="pizza"} 2\n');
    expect(text).toContain('ovens 3\n');
    expect(text).not.toMatch(/RM_|AJ_|PA_/);
  });

  test('an instrument in the catalogue is recorded in the registry only', async () => {
    const identity = { agent_name: 'front-desk', agent_version: '7' };
    const recorder = createRecorder();
    const { expose } = serve({ record: (sample) => recorder.record(sample, identity) });
    metrics
      .getMeter('livekit-agents')
      .createHistogram('lk.agents.event_loop.blocked_duration', { unit: 's' })
      .record(0.3, { severity: 'warning', cause: 'host', room_id: 'RM_1', job_id: 'AJ_1' });
    expect(await recorder.expose('text')).toMatch(
      /^lk_agents_event_loop_blocked_duration_seconds_count\{.*agent_name="front-desk".*severity="warning",cause="host"\} 1$/m,
    );
    expect(await expose('text')).not.toContain('blocked_duration');
  });

  test('a family that exists in the registry is omitted', async () => {
    const { expose } = serve({ taken: (name) => name === 'orders_total' || name === 'wait_count' });
    const meter = metrics.getMeter('my-agent');
    meter.createCounter('orders').add(1);
    meter.createHistogram('wait').record(1);
    meter.createCounter('others').add(1);
    const found = families(await expose('text'));
    expect(found).toContain('others_total');
    expect(found).not.toContain('orders_total');
    expect(found).not.toContain('wait');
    expect(new Set(found).size).toBe(found.length);
  });

  test('two families never share the name of a sample', async () => {
    const { expose, logged } = serve({ taken: (name) => name === 'talk' });
    const meter = metrics.getMeter('my-agent');
    meter.createCounter('orders').add(1);
    meter.createUpDownCounter('orders.total').add(7);
    meter.createHistogram('wait').record(1);
    meter.createUpDownCounter('wait.count').add(7);
    meter.createUpDownCounter('talk.sum').add(7);
    const text = await expose('text');
    expect(text).toContain('orders_total 1\n');
    expect(text).toContain('wait_count 1\n');
    expect(text).not.toContain(' 7\n');
    expect(logged).toEqual([
      'The OpenTelemetry instrument orders_total is left out: the name orders_total is in use',
      'The OpenTelemetry instrument wait_count is left out: the name wait_count is in use',
      'The OpenTelemetry instrument talk_sum is left out: the name talk is in use',
    ]);
  });

  test('attribute sets are bounded over any number of collections', async () => {
    const { expose } = serve({ maxAttributeSets: 50 });
    const counter = metrics.getMeter('my-agent').createCounter('orders');
    for (let collection = 0; collection < 5; collection++) {
      for (let i = 0; i < 200; i++) counter.add(1, { order: `${collection}-${i}` });
      await expose('text');
    }
    const samples = [...(await expose('text')).matchAll(/^orders_total\{(.*)\} (\d+)$/gm)];
    expect(samples.length).toBeLessThanOrEqual(51);
    expect(samples.reduce((sum, [, , value]) => sum + Number(value), 0)).toBe(1_000);
    expect(samples.at(-1)?.[1]).toBe('otel_metric_overflow="true"');
  });

  test('a callback that throws loses only its own measurements and is reported once', async () => {
    const { expose, logged } = serve();
    const meter = metrics.getMeter('my-agent');
    meter.createObservableGauge('broken').addCallback(() => {
      throw new Error('no sensor');
    });
    meter.createCounter('orders').add(1);
    for (let scrape = 0; scrape < 3; scrape++) expect(await expose('text')).toContain('orders_total 1\n');
    expect(logged).toEqual(['An OpenTelemetry instrument failed: Error: no sensor']);
  });

  test('a callback that hangs times out, and the rest is served', async () => {
    const { expose, logged } = serve();
    const meter = metrics.getMeter('my-agent');
    meter.createObservableGauge('stuck').addCallback(() => new Promise(() => {}));
    meter.createCounter('orders').add(1);
    expect(await expose('text')).toContain('orders_total 1\n');
    expect(logged).toHaveLength(1);
  });

  test('constant labels are on every family', async () => {
    const { expose } = serve({ labels: { region: 'eu' } });
    const samples = (await expose('text')).split('\n').filter((line) => line && !line.startsWith('#'));
    expect(samples.length).toBeGreaterThan(10);
    for (const sample of samples) expect(sample).toContain('region="eu"');
  });
});

describe('close', () => {
  test('unregisters the global provider, and remaining instruments measure nothing', async () => {
    const { close, expose, recorded } = serve();
    const histogram = metrics
      .getMeter('livekit-agents')
      .createHistogram('lk.agents.event_loop.blocked_duration', { unit: 's' });
    const ours = metrics.getMeterProvider();
    await close();
    await close();
    expect(metrics.getMeterProvider()).not.toBe(ours);
    const before = recorded.length;
    histogram.record(1, { severity: 'error', cause: 'code' });
    expect(recorded).toHaveLength(before);
    expect(await expose('text')).toBe('');
    expect(serve().registered).toBe(true);
  });
});

test('an error of the sink does not reach the measuring code', () => {
  const { logged } = serve({
    record: () => {
      throw new Error('full');
    },
  });
  const histogram = metrics
    .getMeter('livekit-agents')
    .createHistogram('lk.agents.event_loop.blocked_duration', { unit: 's' });
  histogram.record(1);
  histogram.record(1);
  expect(logged).toEqual([
    'A measurement of lk_agents_event_loop_blocked_duration_seconds was lost: Error: full',
  ]);
});

describe('attributes', () => {
  test.each([
    'room_id',
    'job_id',
    'lk.job_id',
    'room',
    'roomSid',
    'lk.room_name',
    'lk.pii.participant_identity',
    'lk.pii.room_name',
    'participant.sid',
    'session_id',
    'gen_ai.conversation.id',
    'lk.speech_id',
    'lk.provider_request_ids',
    'user.id',
    'phone_number',
  ])('%s is identifying', (attribute) => {
    expect(isIdentifying(attribute)).toBe(true);
  });

  test.each([
    'severity',
    'cause',
    'v8js.gc.type',
    'http.request.method',
    'http.response.status_code',
    'lk.agent_name',
    'job_type',
    'process',
    'gen_ai.request.model',
  ])('%s is not identifying', (attribute) => {
    expect(isIdentifying(attribute)).toBe(false);
  });
});

test('identifying attributes are removed, and others are kept', () => {
  const { process } = boundedAttributes(10);
  expect(process({ room_id: 'RM_1', severity: 'error', 'lk.job_id': 'AJ_1' })).toEqual({ severity: 'error' });
});

test('attribute sets beyond the limit are merged into one', () => {
  const { process } = boundedAttributes(2);
  expect(process({ a: 1 })).toEqual({ a: 1 });
  expect(process({ a: 2, b: 1 })).toEqual({ a: 2, b: 1 });
  for (let value = 3; value < 1_000; value++) {
    expect(process({ a: value })).toEqual({ 'otel.metric.overflow': true });
  }
  // Another order of attributes is the same set.
  expect(process({ b: 1, a: 2 })).toEqual({ a: 2, b: 1 });
});
