import {
  Counter,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  type OpenMetricsContentType,
  Registry,
  Summary,
} from 'prom-client';
import { describe, expect, test } from 'vitest';
import { observation } from '../../src/catalogue/observation.ts';
import { expose } from '../../src/metrics/exposition.ts';
import { createRecorder, type Recorder } from '../../src/metrics/recorder.ts';
import { parse } from './grammar.ts';

const identity = { agent_name: 'front-desk', agent_version: '1.4' };
const model = { model_provider: 'acme', model_name: 'm-1' };
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

function fill(recorder: Recorder): Recorder {
  recorder.introduce(identity);
  const exemplar = { trace_id: traceId, span_id: spanId };
  recorder.record(observation('lk_agents_llm_ttft_seconds', model, 0.45, exemplar), identity);
  recorder.record(observation('lk_agents_handoffs_total', {}, 2, exemplar), identity);
  recorder.record(observation('lk_agents_active_job_count', { nodename: 'host' }, 3), identity);
  return recorder;
}

describe.each([
  ['text, then OpenMetrics', ['text', 'openmetrics', 'text', 'openmetrics']],
  ['OpenMetrics, then text', ['openmetrics', 'text', 'openmetrics', 'text']],
] as const)('%s', (_, formats) => {
  test('are both valid and equivalent on repeated scrapes', async () => {
    const recorder = fill(createRecorder());
    const scrapes: Record<string, unknown>[] = [];
    for (const format of formats) {
      const families = parse(await recorder.expose(format), format);
      const samples = families.flatMap((family) => family.samples);
      scrapes.push(
        Object.fromEntries(samples.map(({ name, labels, value }) => [name + JSON.stringify(labels), value])),
      );
    }
    expect(Object.keys(scrapes[0]!).length).toBeGreaterThan(70);
    for (const scrape of scrapes) expect(scrape).toEqual(scrapes[0]);
  });
});

test('a counter is described without _total in OpenMetrics and with it in the text format', async () => {
  const recorder = fill(createRecorder());
  const openmetrics = await recorder.expose('openmetrics');
  const text = await recorder.expose('text');
  expect(openmetrics).toContain('# TYPE lk_agents_handoffs counter\nlk_agents_handoffs_total{');
  expect(text).toContain('# TYPE lk_agents_handoffs_total counter\nlk_agents_handoffs_total{');
});

test('exemplars appear only in OpenMetrics, after the bucket of their sample', async () => {
  const recorder = fill(createRecorder());
  const families = parse(await recorder.expose('openmetrics'), 'openmetrics');
  const linked = families.flatMap(({ samples }) => samples).filter(({ exemplar }) => exemplar);
  expect(linked).toEqual([
    {
      name: 'lk_agents_llm_ttft_seconds_bucket',
      labels: { le: '0.5', ...identity, ...model },
      value: 1,
      exemplar: { labels: { trace_id: traceId, span_id: spanId }, value: 0.45 },
    },
  ]);
  expect(await recorder.expose('text')).not.toContain(traceId);
});

test.each([
  ['no trace', { trace_id: '' }],
  ['a short trace', { trace_id: 'abc' }],
  ['an upper-case trace', { trace_id: traceId.toUpperCase() }],
  ['a trace with a line break', { trace_id: `${traceId.slice(1)}\n` }],
  ['a trace of 10 000 characters', { trace_id: 'a'.repeat(10_000) }],
])('an exemplar of %s is omitted and its sample is kept', async (_, exemplar) => {
  const recorder = createRecorder();
  recorder.record(observation('lk_agents_eou_delay_seconds', {}, 0.45, exemplar), identity);
  const families = parse(await recorder.expose('openmetrics'), 'openmetrics');
  const samples = families.flatMap((family) => family.samples);
  expect(samples.filter((sample) => sample.exemplar)).toEqual([]);
  expect(samples.find(({ name }) => name === 'lk_agents_eou_delay_seconds_sum')?.value).toBe(0.45);
});

test('an exemplar with an invalid span id links to its trace', async () => {
  const recorder = createRecorder();
  const exemplar = { trace_id: traceId, span_id: 'oops' };
  recorder.record(observation('lk_agents_eou_delay_seconds', {}, 0.45, exemplar), identity);
  expect(await recorder.expose('openmetrics')).toContain(`# {trace_id="${traceId}"} 0.45 `);
});

describe('default labels', () => {
  test.each(['text', 'openmetrics'] as const)('are on every series in %s', async (format) => {
    const registry = new Registry();
    registry.setDefaultLabels({ region: 'eu', tenant: 'a"b' });
    const families = parse(await fill(createRecorder({ registry })).expose(format), format);
    for (const { samples } of families) {
      for (const { labels } of samples) expect(labels).toMatchObject({ region: 'eu', tenant: 'a"b' });
    }
  });

  test.each(['text', 'openmetrics'] as const)(
    'do not overwrite the labels of a series in %s',
    async (format) => {
      const registry = new Registry();
      registry.setDefaultLabels({ agent_name: 'mine' });
      const exposition = await fill(createRecorder({ registry })).expose(format);
      parse(exposition, format);
      expect(exposition).not.toContain('agent_name="mine"');
    },
  );
});

describe('a user-defined registry', () => {
  /** Metrics that a user may have registered. */
  function addUserMetrics<R extends Registry | Registry<OpenMetricsContentType>>(registry: R): R {
    const registers = [registry as Registry];
    new Counter({ name: 'my_calls_total', help: 'Calls.', registers }).inc(2);
    new Counter({ name: 'my_hits', help: 'A name of the old kind.', registers }).inc(3);
    new Gauge({
      name: 'my_depth',
      help: 'Depth.',
      registers,
      collect() {
        this.set(4);
      },
    });
    new Histogram({ name: 'my_seconds', help: 'Time.', buckets: [1, 2], registers }).observe(1.5);
    new Summary({ name: 'my_sizes', help: 'Sizes.', percentiles: [0.5], registers }).observe(5);
    return registry;
  }

  test('is included in both formats', async () => {
    const recorder = fill(createRecorder({ registry: addUserMetrics(new Registry()) }));
    for (const format of ['text', 'openmetrics', 'text'] as const) {
      const exposition = await recorder.expose(format);
      parse(exposition, format);
      expect(exposition).toContain('\nmy_calls_total 2\n');
      expect(exposition).toContain(format === 'text' ? '\nmy_hits 3\n' : '\nmy_hits_total 3\n');
      expect(exposition).toContain('\nmy_depth 4\n');
      expect(exposition).toContain('\nmy_seconds_bucket{le="2"} 1\n');
      expect(exposition).toContain('\nmy_sizes{quantile="0.5"} 5\n');
      expect(exposition).toContain(
        '\nlk_agents_handoffs_total{agent_name="front-desk",agent_version="1.4"} 2\n',
      );
    }
  });

  test('of type OpenMetrics is included in both formats, also after it rendered itself', async () => {
    const registry = new Registry<OpenMetricsContentType>();
    registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    addUserMetrics(registry);
    const recorder = fill(createRecorder({ registry: registry as never }));
    await registry.metrics();
    for (const format of ['text', 'openmetrics', 'text'] as const) {
      const exposition = await recorder.expose(format);
      parse(exposition, format);
      expect(exposition).toContain('\nmy_calls_total 2\n');
      expect(exposition).toContain(
        '\nlk_agents_handoffs_total{agent_name="front-desk",agent_version="1.4"} 2\n',
      );
    }
  });

  test('is not modified', async () => {
    const registry = addUserMetrics(new Registry());
    const before = await registry.metrics();
    for (const format of ['openmetrics', 'text'] as const) await expose(registry, format);
    expect(await registry.metrics()).toBe(before);
  });

  test("with prom-client's default metrics is valid in both formats", async () => {
    const registry = new Registry();
    collectDefaultMetrics({ register: registry });
    for (const format of ['text', 'openmetrics'] as const) {
      const families = parse(await expose(registry, format), format);
      const start = families.find(({ name }) => name === 'process_start_time_seconds');
      expect(start?.samples[0]?.value).toBeGreaterThan(1.6e9);
    }
  });
});

test("LiveKit's gauges with the suffix _count have no type in the text format, because promtool would reject it", async () => {
  const recorder = fill(createRecorder());
  expect(await recorder.expose('text')).toContain('# TYPE lk_agents_active_job_count untyped\n');
  expect(await recorder.expose('openmetrics')).toContain('# TYPE lk_agents_active_job_count gauge\n');
});

describe('creation times', () => {
  const at = 1_764_408_000.123;
  /** A recorder with a settable clock. */
  function timed() {
    let now = at * 1000;
    return { recorder: createRecorder({ now: () => now }), pass: (ms: number) => (now += ms) };
  }
  const created = async (recorder: Recorder, name: string) =>
    parse(await recorder.expose('openmetrics-created'), 'openmetrics-created')
      .flatMap(({ samples }) => samples)
      .filter((sample) => sample.name === name)
      .map(({ labels, value }) => [labels.tool ?? labels.model_name ?? labels.reason, value]);
  const called = (tool: string) => observation('lk_agents_tool_calls_total', { tool, outcome: 'ok' }, 1);

  test("of a counter follow each label set's value and are the time of its first event", async () => {
    const { recorder, pass } = timed();
    recorder.record(called('book'), identity);
    pass(5_000);
    recorder.record(called('cancel'), identity);
    recorder.record(called('book'), identity);
    expect(await created(recorder, 'lk_agents_tool_calls_created')).toEqual([
      ['book', at],
      ['book', at],
      ['cancel', at + 5],
      ['cancel', at + 5],
    ]);
    const about = 'agent_name="front-desk",agent_version="1.4",tool="cancel",outcome="ok"';
    expect(await recorder.expose('openmetrics-created')).toContain(
      `\nlk_agents_tool_calls_total{${about}} 1\nlk_agents_tool_calls_created{${about}} 1764408005.123\n`,
    );
  });

  test('of a histogram appear once for all buckets, also if it was prepared', async () => {
    const { recorder, pass } = timed();
    recorder.record(observation('lk_agents_llm_ttft_seconds', model, 0.45), identity);
    recorder.prepare(observation('lk_agents_tts_ttfb_seconds', model, 0.45), identity);
    pass(5_000);
    for (const series of ['lk_agents_llm_ttft_seconds', 'lk_agents_tts_ttfb_seconds'] as const)
      recorder.record(observation(series, model, 0.45), identity);
    expect(await created(recorder, 'lk_agents_llm_ttft_seconds_created')).toEqual([['m-1', at]]);
    expect(await created(recorder, 'lk_agents_tts_ttfb_seconds_created')).toEqual([['m-1', at]]);
  });

  test("of Talkgauge's loss counters are the time of the first loss, and of an agent's initial zeros, the time of its introduction", async () => {
    const { recorder, pass } = timed();
    recorder.dropped('queue_full');
    pass(5_000);
    recorder.dropped('queue_full');
    recorder.introduce(identity);
    expect((await created(recorder, 'talkgauge_samples_dropped_created'))[0]).toEqual(['queue_full', at]);
    expect(await created(recorder, 'lk_agents_handoffs_created')).toEqual([[undefined, at + 5]]);
  });

  test('of user-registered metrics are the given time, or unknown', async () => {
    const registry = new Registry();
    new Counter({ name: 'my_calls_total', help: 'Calls.', registers: [registry] }).inc(2);
    expect(await createRecorder({ registry }).expose('openmetrics-created')).not.toContain(
      'my_calls_created',
    );
    const userRegistry = new Registry();
    new Counter({ name: 'my_calls_total', help: 'Calls.', registers: [userRegistry] }).inc(2);
    const recorder = createRecorder({ registry: userRegistry, othersCreatedAt: at });
    expect(await recorder.expose('openmetrics-created')).toContain(
      '\nmy_calls_total 2\nmy_calls_created 1764408000.123\n',
    );
  });

  test('are omitted from other formats and from gauges', async () => {
    const { recorder } = timed();
    fill(recorder);
    for (const format of ['text', 'openmetrics'] as const)
      expect(await recorder.expose(format)).not.toContain('_created');
    expect(await recorder.expose('openmetrics-created')).not.toMatch(/(?:active|job_count|series)_created/);
  });

  test('have the default labels of the registry', async () => {
    const registry = new Registry();
    registry.setDefaultLabels({ region: 'eu' });
    const recorder = fill(createRecorder({ registry, now: () => at * 1000 }));
    parse(await recorder.expose('openmetrics-created'), 'openmetrics-created');
    expect(await recorder.expose('openmetrics-created')).toContain(
      '\nlk_agents_handoffs_created{agent_name="front-desk",agent_version="1.4",region="eu"} 1764408000.123\n',
    );
  });
});

describe('prom-client without the internals that Talkgauge reads', () => {
  /** A registry of a prom-client version that stores its default labels elsewhere. */
  function withoutDefaultLabels(labels: Record<string, string>): Registry {
    const registry = new Registry();
    registry.setDefaultLabels(labels);
    const { getMetricsAsJSON } = registry;
    const hidden = labels;
    Object.defineProperty(registry, '_defaultLabels', { value: undefined, writable: true });
    registry.getMetricsAsJSON = () =>
      getMetricsAsJSON.call(Object.assign(Object.create(registry), { _defaultLabels: hidden }));
    return registry;
  }
  const sampleSets = (exposition: string, format: 'text' | 'openmetrics' | 'openmetrics-created') =>
    parse(exposition, format)
      .flatMap(({ samples }) => samples)
      .filter(({ name }) => !name.endsWith('_created'))
      .map(
        ({ name, labels, value }) => `${name} ${JSON.stringify(Object.entries(labels).toSorted())} ${value}`,
      );

  test.each(['text', 'openmetrics', 'openmetrics-created'] as const)(
    'exposes the same samples in %s if default labels are stored elsewhere',
    async (format) => {
      const usual = new Registry();
      usual.setDefaultLabels({ region: 'eu' });
      const expected = await fill(createRecorder({ registry: usual })).expose(format);
      const registry = withoutDefaultLabels({ region: 'eu' });
      const found = await fill(createRecorder({ registry })).expose(format);
      expect(found).toContain('region="eu"');
      expect(sampleSets(found, format)).toEqual(sampleSets(expected, format));
    },
  );

  test.each(['text', 'openmetrics', 'openmetrics-created'] as const)(
    'exposes the same samples in %s if histograms copy their labels',
    async (format) => {
      const expected = await fill(createRecorder()).expose(format);
      const recorder = fill(createRecorder());
      for (const metric of recorder.registry.getMetricsAsArray() as unknown as Histogram[]) {
        const { get, getForPromString } = metric as Histogram & { getForPromString?: Histogram['get'] };
        const whole = Object.assign(Object.create(metric), { getForPromString });
        Object.assign(metric, { getForPromString: undefined, get: () => get.call(whole) });
      }
      expect(sampleSets(await recorder.expose(format), format)).toEqual(sampleSets(expected, format));
    },
  );
});
