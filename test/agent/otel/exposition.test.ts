import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { expect, test } from 'vitest';
import { append, familiesOf, render } from '../../../src/agent/otel/exposition.ts';

class Reader extends MetricReader {
  protected override async onForceFlush() {}
  protected override async onShutdown() {}
}

function instruments(labels: Record<string, string> = {}) {
  const reader = new Reader();
  const provider = new MeterProvider({ readers: [reader] });
  const refused: string[] = [];
  const families = async () =>
    familiesOf((await reader.collect()).resourceMetrics, labels, (name, why) =>
      refused.push(`${name}: ${why}`),
    );
  return { provider, meter: provider.getMeter('library'), families, refused };
}

test('a counter, in both formats', async () => {
  const { meter, families } = instruments();
  const orders = meter.createCounter('orders.placed', { description: 'Orders "placed".' });
  orders.add(2, { 'order.kind': 'a\\b"c\nd', count: 3 });
  orders.add(1.5, { 'order.kind': 'a\\b"c\nd', count: 3 });
  expect(render(await families(), 'text')).toBe(
    '# HELP orders_placed_total Orders "placed".\n' +
      '# TYPE orders_placed_total counter\n' +
      'orders_placed_total{order_kind="a\\\\b\\"c\\nd",count="3"} 3.5\n',
  );
  expect(render(await families(), 'openmetrics')).toBe(
    '# HELP orders_placed Orders \\"placed\\".\n' +
      '# TYPE orders_placed counter\n' +
      'orders_placed_total{order_kind="a\\\\b\\"c\\nd",count="3"} 3.5\n',
  );
});

test('a histogram, in both formats', async () => {
  const { meter, families } = instruments();
  const wait = meter.createHistogram('wait', { unit: 's', advice: { explicitBucketBoundaries: [0.1, 1] } });
  for (const value of [0.05, 0.1, 0.5, 3]) wait.record(value);
  const exposition =
    '# HELP wait_seconds OpenTelemetry instrument wait.\n' +
    '# UNIT wait_seconds seconds\n' +
    '# TYPE wait_seconds histogram\n' +
    'wait_seconds_count 4\n' +
    'wait_seconds_sum 3.65\n' +
    'wait_seconds_bucket{le="0.1"} 2\n' +
    'wait_seconds_bucket{le="1"} 3\n' +
    'wait_seconds_bucket{le="+Inf"} 4\n';
  // UNIT is a comment like any other in the text format.
  expect(render(await families(), 'text')).toBe(exposition);
  expect(render(await families(), 'openmetrics')).toBe(exposition);
});

test('creation times after each counter and histogram, on request', async () => {
  const { meter, families } = instruments();
  const before = Date.now() / 1000;
  const orders = meter.createCounter('orders');
  orders.add(2, { kind: 'a' });
  meter.createHistogram('wait', { advice: { explicitBucketBoundaries: [1] } }).record(0.5);
  meter.createUpDownCounter('queue.length').add(-2);
  const first = render(await families(), 'openmetrics-created');
  const time = '(\\d{10}(?:\\.\\d{1,3})?)';
  const created = Number(
    first.match(new RegExp(`orders_total\\{kind="a"\\} 2\\norders_created\\{kind="a"\\} ${time}\\n`))?.[1],
  );
  expect(created).toBeGreaterThanOrEqual(Math.floor(before * 1000) / 1000);
  expect(created).toBeLessThanOrEqual(Date.now() / 1000);
  expect(first).toMatch(new RegExp(`wait_count 1\\n(?:wait_.* [\\d.]+\\n){3}wait_created ${time}\\n`));
  expect(first).not.toContain('queue_length_created');
  orders.add(1, { kind: 'a' });
  expect(render(await families(), 'openmetrics-created')).toContain(`orders_created{kind="a"} ${created}\n`);
  for (const format of ['text', 'openmetrics'] as const)
    expect(render(await families(), format)).not.toContain('_created');
});

test('an up-down counter is a gauge', async () => {
  const { meter, families } = instruments();
  meter.createUpDownCounter('queue.length').add(-2);
  meter
    .createObservableGauge('temperature')
    .addCallback((result) => result.observe(Number.NEGATIVE_INFINITY));
  meter.createGauge('share', { unit: '1' }).record(0.5);
  expect(render(await families(), 'text')).toContain('# TYPE queue_length gauge\nqueue_length -2\n');
  expect(render(await families(), 'text')).toContain('temperature -Inf\n');
  expect(render(await families(), 'openmetrics')).toContain(
    '# UNIT share_ratio ratio\n# TYPE share_ratio gauge\nshare_ratio 0.5\n',
  );
});

test('an instrument without measurements is not exposed', async () => {
  const { meter, families } = instruments();
  meter.createCounter('never');
  expect(await families()).toEqual([]);
});

test('constant labels are on every sample and override attributes', async () => {
  const { meter, families } = instruments({ region: 'eu' });
  meter.createCounter('calls').add(1, { region: 'mars' });
  expect(render(await families(), 'text')).toContain('calls_total{region="eu"} 1\n');
});

test('neither the resource nor the scope is exposed', async () => {
  const { meter, families } = instruments();
  meter.createCounter('calls').add(1);
  const text = render(await families(), 'text');
  expect(text).not.toContain('otel_scope');
  expect(text).not.toContain('target_info');
});

test('the same instrument in two libraries is one family with the sum', async () => {
  const { provider, families, refused } = instruments();
  for (const library of ['one', 'two']) {
    const meter = provider.getMeter(library);
    meter.createCounter('calls').add(1, { kind: 'a' });
    meter.createCounter('calls').add(1, { kind: library });
    meter.createHistogram('wait', { advice: { explicitBucketBoundaries: [1] } }).record(0.5);
  }
  const text = render(await families(), 'text');
  expect(text.match(/# TYPE calls_total/g)).toHaveLength(1);
  expect(text).toContain('calls_total{kind="a"} 2\n');
  expect(text).toContain('calls_total{kind="one"} 1\n');
  expect(text).toContain('calls_total{kind="two"} 1\n');
  expect(text).toContain('wait_count 2\nwait_sum 1\nwait_bucket{le="1"} 2\nwait_bucket{le="+Inf"} 2\n');
  expect(refused).toEqual([]);
});

test('attributes that map to the same label do not create duplicate series', async () => {
  const { meter, families } = instruments();
  const calls = meter.createCounter('calls');
  calls.add(1, { 'call.kind': 'a' });
  calls.add(2, { call_kind: 'a' });
  expect(render(await families(), 'text')).toContain('counter\ncalls_total{call_kind="a"} 3\n');
});

test('an instrument that conflicts with its family is refused with its name', async () => {
  const { provider, families, refused } = instruments();
  const [one, two] = [provider.getMeter('one'), provider.getMeter('two')];
  one.createCounter('x').add(1);
  two.createUpDownCounter('x').add(5);
  one.createHistogram('y', { advice: { explicitBucketBoundaries: [1] } }).record(0.5);
  two.createHistogram('y', { advice: { explicitBucketBoundaries: [2] } }).record(0.5);
  const text = render(await families(), 'text');
  expect(text).toContain('x_total 1\n');
  expect(text).toContain('y_count 1\n');
  expect(refused).toEqual(['x: x is a counter already', 'y: y has other buckets already']);
});

test('an attribute named le does not affect a histogram', async () => {
  const { meter, families } = instruments();
  meter.createHistogram('wait', { advice: { explicitBucketBoundaries: [1] } }).record(0.5, { le: 'x' });
  expect(render(await families(), 'text')).toContain('wait_bucket{le_="x",le="1"} 1\n');
});

test('families are inserted at the end of an exposition, before its EOF marker', () => {
  expect(append('a 1\n# EOF\n', 'b 2\n', 'openmetrics')).toBe('a 1\nb 2\n# EOF\n');
  expect(append('a 1\n', 'b 2\n', 'text')).toBe('a 1\nb 2\n');
  expect(append('a 1', 'b 2\n', 'text')).toBe('a 1\nb 2\n');
  expect(append('a 1\n# EOF\n', '', 'openmetrics')).toBe('a 1\n# EOF\n');
  expect(append('', 'b 2\n', 'openmetrics')).toBe('b 2\n# EOF\n');
});
