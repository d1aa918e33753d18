import fc from 'fast-check';
import { Counter, Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { type Observation, observation } from '../../src/catalogue/observation.ts';
import type { MetricSpec } from '../../src/catalogue/types.ts';
import { createRecorder, type Recorder } from '../../src/metrics/recorder.ts';
import { sampleOf } from '../agent/worker/exposition.ts';
import { parse } from './grammar.ts';

const identity = { agent_name: 'front-desk', agent_version: '1.4' };
const shown = async (recorder: Recorder, series: string, labels?: Record<string, string>) =>
  sampleOf(await recorder.expose('text'), series, labels);
const dropped = (recorder: Recorder, reason: string) =>
  shown(recorder, 'talkgauge_samples_dropped_total', { reason });
const tool = (name: string, value = 1) =>
  observation('lk_agents_tool_calls_total', { tool: name, outcome: 'ok' }, value);

describe('a sample', () => {
  test('of a counter, a gauge and a histogram is exposed with all its labels', async () => {
    const recorder = createRecorder();
    recorder.record(tool('book', 2), identity);
    recorder.record(tool('book', 3), identity);
    recorder.record(observation('lk_agents_sessions_active', {}, 4), identity);
    recorder.record(observation('lk_agents_sessions_active', {}, -1), identity);
    const model = { model_provider: 'acme', model_name: 'm-1' };
    recorder.record(observation('lk_agents_llm_ttft_seconds', model, 0.45), identity);
    const text = await recorder.expose('text');
    const about = 'agent_name="front-desk",agent_version="1.4"';
    expect(text).toContain(`\nlk_agents_tool_calls_total{${about},tool="book",outcome="ok"} 5\n`);
    expect(text).toContain(`\nlk_agents_sessions_active{${about}} 3\n`);
    const buckets = `lk_agents_llm_ttft_seconds_bucket{le="0.5",${about},model_provider="acme",model_name="m-1"}`;
    expect(text).toContain(`\n${buckets} 1\n`);
    expect(text).toContain(`\n${buckets.replace('0.5', '0.4')} 0\n`);
    expect(sampleOf(text, 'lk_agents_llm_ttft_seconds_sum')).toBe(0.45);
  });

  test('can be added to its series without another lookup', async () => {
    const recorder = createRecorder();
    const series = recorder.series('lk_agents_tool_calls_total', { outcome: 'ok', tool: 'book' }, identity);
    series?.add(2);
    expect(recorder.series('lk_agents_tool_calls_total', { tool: 'book', outcome: 'ok' }, identity)).toBe(
      series,
    );
    recorder.record(tool('book'), identity);
    expect(await shown(recorder, 'lk_agents_tool_calls_total')).toBe(3);
  });

  test.each<[string, Partial<Observation>]>([
    ['a metric that is not in the catalogue', { metric: 'lk_agents_telepathy_total' as never }],
    ['a metric named like an Object.prototype property', { metric: 'constructor' as never }],
    ['a metric named __proto__', { metric: '__proto__' as never }],
  ])('of %s is dropped and counted', async (_, given) => {
    const recorder = createRecorder();
    recorder.record({ ...tool('book'), ...given }, identity);
    expect(await dropped(recorder, 'unknown_metric')).toBe(1);
    expect(await shown(recorder, 'lk_agents_tool_calls_total')).toBeUndefined();
  });

  test.each<[string, unknown]>([
    ['no labels', {}],
    ['a missing label', { tool: 'book' }],
    ['an extra label', { tool: 'book', outcome: 'ok', more: 'x' }],
    ['a label of another name', { tool: 'book', result: 'ok' }],
    ['an unlisted value', { tool: 'book', outcome: 'perhaps' }],
    ['a number as a value', { tool: 5, outcome: 'ok' }],
    ['an undefined value', { tool: undefined, outcome: 'ok' }],
    ['a label named like an Object.prototype property', { constructor: 'book', outcome: 'ok' }],
    ['a label named __proto__', JSON.parse('{"__proto__":"book","outcome":"ok"}')],
    ['an inherited label', Object.assign(Object.create({ tool: 'book' }), { outcome: 'ok', x: 'y' })],
    ['identity labels', { tool: 'book', outcome: 'ok', agent_name: 'x' }],
  ])('with %s is dropped and counted', async (_, labels) => {
    const recorder = createRecorder();
    recorder.record({ ...tool('book'), labels: labels as never }, identity);
    expect(await dropped(recorder, 'unknown_label')).toBe(1);
    expect(await shown(recorder, 'lk_agents_tool_calls_total')).toBeUndefined();
  });

  test('without an identity is dropped and counted', async () => {
    const recorder = createRecorder();
    recorder.record(tool('book'), {} as never);
    expect(await dropped(recorder, 'unknown_label')).toBe(1);
  });

  test.each([
    ['NaN', 'lk_agents_tool_calls_total', Number.NaN],
    ['Infinity', 'lk_agents_tool_calls_total', Number.POSITIVE_INFINITY],
    ['-Infinity', 'lk_agents_tool_calls_total', Number.NEGATIVE_INFINITY],
    ['-1', 'lk_agents_tool_calls_total', -1],
    ['1e16', 'lk_agents_tool_calls_total', 1e16],
    ['a text', 'lk_agents_tool_calls_total', '1'],
    ['nothing', 'lk_agents_tool_calls_total', null],
  ])('of %s is rejected by a counter and counted', async (_, series, value) => {
    const recorder = createRecorder();
    recorder.record(tool('book', 5), identity);
    recorder.record(tool('book', value as number), identity);
    expect(await shown(recorder, series)).toBe(5);
    expect(await dropped(recorder, 'invalid_value')).toBe(1);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, -0.1, 2e15])(
    'of %f is rejected by a histogram',
    async (value) => {
      const recorder = createRecorder();
      recorder.record(observation('lk_agents_eou_delay_seconds', {}, value), identity);
      expect(await shown(recorder, 'lk_agents_eou_delay_seconds_count')).toBeUndefined();
      expect(await dropped(recorder, 'invalid_value')).toBe(1);
    },
  );

  test.each([Number.NaN, Number.NEGATIVE_INFINITY, -2e15])('of %f is rejected by a gauge', async (value) => {
    const recorder = createRecorder();
    recorder.record(observation('lk_agents_sessions_active', {}, value), identity);
    expect(await dropped(recorder, 'invalid_value')).toBe(1);
  });
});

describe('labels', () => {
  test('with any values yield a valid exposition with these values in both formats', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('a"b\\c\nd', '\ud800', 'x\u2028', ''),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(text, { maxLength: 5 }), text, async (tools, agent_name) => {
        const recorder = createRecorder({ identity: () => ({ agent_name, agent_version: agent_name }) });
        for (const name of tools) recorder.record(tool(name), { agent_name, agent_version: '1' });
        recorder.dropped('queue_full');
        for (const format of ['text', 'openmetrics'] as const) {
          const families = parse(await recorder.expose(format), format);
          const calls = families.find(({ name }) => name.startsWith('lk_agents_tool_calls'))!;
          expect(calls.samples.reduce((sum, { value }) => sum + value, 0)).toBe(tools.length);
        }
      }),
    );
  });

  test('that are empty become "unknown", because an empty label is a missing one', async () => {
    const recorder = createRecorder();
    recorder.record(tool(''), { agent_name: '', agent_version: '1' });
    const labels = { tool: 'unknown', agent_name: 'unknown' };
    expect(await shown(recorder, 'lk_agents_tool_calls_total', labels)).toBe(1);
  });

  test('beyond the cap become "other", and each such sample is counted', async () => {
    const recorder = createRecorder({ maxLabelValues: 3 });
    for (let i = 0; i < 10; i++)
      for (const name of ['a', 'b', 'c', 'd', 'e']) recorder.record(tool(name), identity);
    expect(await shown(recorder, 'lk_agents_tool_calls_total', { tool: 'a' })).toBe(10);
    expect(await shown(recorder, 'lk_agents_tool_calls_total', { tool: 'other' })).toBe(20);
    expect(await shown(recorder, 'talkgauge_label_overflow_total', { label: 'tool' })).toBe(20);
  });

  test('are each counted when two of a sample are beyond the cap', async () => {
    const recorder = createRecorder({ maxLabelValues: 1 });
    const requests = (model_provider: string, model_name: string) =>
      observation('lk_agents_llm_requests_total', { model_provider, model_name, outcome: 'ok' }, 1);
    recorder.record(requests('acme', 'm-1'), identity);
    recorder.record(requests('openai', 'gpt'), identity);
    recorder.record(requests('acme', 'gpt'), identity);
    expect(await shown(recorder, 'talkgauge_label_overflow_total', { label: 'model_provider' })).toBe(1);
    expect(await shown(recorder, 'talkgauge_label_overflow_total', { label: 'model_name' })).toBe(2);
    expect(await shown(recorder, 'lk_agents_llm_requests_total')).toBe(3);
  });

  test('with the value "other" are not an overflow', async () => {
    const recorder = createRecorder({ maxLabelValues: 1 });
    recorder.record(tool('book'), identity);
    recorder.record(tool('other'), identity);
    expect(await shown(recorder, 'talkgauge_label_overflow_total')).toBeUndefined();
  });

  test('beyond the cap do not create unlimited series', async () => {
    const recorder = createRecorder({ maxLabelValues: 50 });
    for (let i = 0; i < 20_000; i++) {
      recorder.record(tool(`tool-${i}`), { agent_name: `agent-${i}`, agent_version: `v${i}` });
    }
    const series = await shown(recorder, 'talkgauge_series');
    expect(series).toBeLessThan(200);
    expect(await shown(recorder, 'lk_agents_tool_calls_total')).toBe(20_000);
  });

  test('with listed values are not capped', async () => {
    const recorder = createRecorder({ maxLabelValues: 1 });
    for (const state of ['idle', 'listening', 'speaking'] as const) {
      recorder.record(observation('lk_agents_agent_state_seconds_total', { state }, 1), identity);
    }
    expect(await shown(recorder, 'lk_agents_agent_state_seconds_total', { state: 'speaking' })).toBe(1);
  });
});

describe('a series limit', () => {
  test('drops and counts samples of further series and keeps recording existing ones', async () => {
    const recorder = createRecorder({ maxSeries: 2 });
    for (const name of ['a', 'b', 'c', 'a', 'c']) recorder.record(tool(name), identity);
    expect(await shown(recorder, 'lk_agents_tool_calls_total')).toBe(3);
    expect(await shown(recorder, 'lk_agents_tool_calls_total', { tool: 'c' })).toBeUndefined();
    expect(await dropped(recorder, 'series_limit')).toBe(2);
    expect(await shown(recorder, 'talkgauge_series')).toBe(2);
  });
});

describe("Talkgauge's own series", () => {
  test('have the current identity of the recorder', async () => {
    let agent_name = 'unknown';
    const recorder = createRecorder({
      identity: () => ({ agent_name, agent_version: '1' }),
      buildInfo: { version: '0.1.0', sdk_version: '1.9.0', node_version: '20.19.0' },
    });
    recorder.dropped('queue_full', 3);
    expect(
      await shown(recorder, 'talkgauge_build_info', { agent_name: 'unknown', sdk_version: '1.9.0' }),
    ).toBe(1);
    agent_name = 'front-desk';
    recorder.dropped('queue_full');
    expect(await shown(recorder, 'talkgauge_build_info')).toBe(1);
    expect(await shown(recorder, 'talkgauge_build_info', { agent_name: 'front-desk' })).toBe(1);
    expect(await shown(recorder, 'talkgauge_series', { agent_name: 'front-desk' })).toBe(0);
    expect(await shown(recorder, 'talkgauge_samples_dropped_total', { agent_name: 'front-desk' })).toBe(1);
    expect(await dropped(recorder, 'queue_full')).toBe(4);
  });

  test('omit the build info unless it is reported', async () => {
    expect(await shown(createRecorder(), 'talkgauge_build_info')).toBeUndefined();
  });
});

describe('an introduction', () => {
  test('starts each series of an agent with known labels at 0', async () => {
    const recorder = createRecorder();
    recorder.introduce(identity);
    expect(await shown(recorder, 'lk_agents_turns_total', { outcome: 'interrupted', tools: 'yes' })).toBe(0);
    expect(await shown(recorder, 'lk_agents_sessions_active')).toBe(0);
    expect(await shown(recorder, 'lk_agents_tool_calls_total')).toBeUndefined();
    expect(await shown(recorder, 'lk_agents_eou_delay_seconds_count')).toBeUndefined();
    expect(await shown(recorder, 'talkgauge_samples_dropped_total', { reason: 'queue_full' })).toBe(0);
    // Without reports, the report counters are not exposed.
    expect(await shown(recorder, 'talkgauge_session_reports_total')).toBeUndefined();
  });

  test('of a worker starts the series of the worker and none of calls, because its jobs may run other agents', async () => {
    const recorder = createRecorder();
    expect(recorder.introduce(identity, 'worker')).toBe(true);
    expect(await shown(recorder, 'lk_agents_job_exits_total', { outcome: 'crashed' })).toBe(0);
    expect(await shown(recorder, 'talkgauge_samples_dropped_total', { reason: 'queue_full' })).toBe(0);
    expect(await shown(recorder, 'lk_agents_sessions_active')).toBeUndefined();
    expect(await shown(recorder, 'lk_agents_sessions_total')).toBeUndefined();
    expect(recorder.introduce(identity)).toBe(true);
    expect(await shown(recorder, 'lk_agents_sessions_total', { close_reason: 'error' })).toBe(0);
    expect(recorder.introduce(identity)).toBe(false);
  });

  test('is idempotent', async () => {
    const recorder = createRecorder();
    recorder.introduce(identity);
    recorder.record(observation('lk_agents_handoffs_total', {}, 1), identity);
    const series = await shown(recorder, 'talkgauge_series');
    recorder.introduce({ ...identity });
    expect(await shown(recorder, 'talkgauge_series')).toBe(series);
    expect(await shown(recorder, 'lk_agents_handoffs_total')).toBe(1);
  });

  test('of many agents stops at the cap', async () => {
    const recorder = createRecorder({ maxLabelValues: 3 });
    for (let i = 0; i < 100; i++) recorder.introduce({ agent_name: `agent-${i}`, agent_version: '1' });
    expect(await shown(recorder, 'lk_agents_handoffs_total', { agent_name: 'agent-2' })).toBe(0);
    expect(await shown(recorder, 'lk_agents_handoffs_total', { agent_name: 'agent-3' })).toBeUndefined();
  });
});

test('a recorder accepts a custom catalogue', async () => {
  const specs: Record<string, MetricSpec> = {
    my_calls_total: {
      type: 'counter',
      help: 'Calls.',
      unit: 'calls',
      labels: { kind: ['a', 'b'] },
      source: 'me',
    },
  };
  const recorder = createRecorder({ specs });
  recorder.record({ metric: 'my_calls_total' as never, labels: { kind: 'a' }, value: 1 }, identity);
  expect(await shown(recorder, 'my_calls_total', { kind: 'a' })).toBe(1);
});

test('a name that the registry already contains is an error with this name', () => {
  const registry = new Registry();
  new Counter({ name: 'lk_agents_handoffs_total', help: 'Mine.', registers: [registry] });
  expect(() => createRecorder({ registry })).toThrow(/lk_agents_handoffs_total/);
});

describe('a prepared series', () => {
  const model = { model_provider: 'acme', model_name: 'm-1' };

  test('is exposed at 0 until a sample is recorded', async () => {
    const recorder = createRecorder();
    expect(recorder.prepare(tool('book'), identity)).toBe(true);
    expect(recorder.prepare(observation('lk_agents_llm_ttft_seconds', model, 0.45), identity)).toBe(true);
    expect(await recorder.expose('text')).toMatch(/^lk_agents_tool_calls_total\{.*tool="book".*\} 0$/m);
    expect(await recorder.expose('text')).toMatch(/^lk_agents_llm_ttft_seconds_bucket\{le="\+Inf".*\} 0$/m);
    recorder.record(observation('lk_agents_llm_ttft_seconds', model, 0.45), identity);
    expect(await shown(recorder, 'lk_agents_llm_ttft_seconds_sum')).toBe(0.45);
  });

  test('keeps its value if it already exists', async () => {
    const recorder = createRecorder();
    recorder.record(observation('lk_agents_llm_ttft_seconds', model, 0.45), identity);
    expect(recorder.prepare(observation('lk_agents_llm_ttft_seconds', model, 1), identity)).toBe(false);
    expect(await shown(recorder, 'lk_agents_llm_ttft_seconds_sum')).toBe(0.45);
  });

  test('is rejected once, at recording', async () => {
    const recorder = createRecorder();
    const wrong = observation('lk_agents_tool_calls_total', { tool: 'book', outcome: 'maybe' as 'ok' }, 1);
    expect(recorder.prepare(wrong, identity)).toBe(false);
    recorder.record(wrong, identity);
    expect(await recorder.expose('text')).toMatch(
      /^talkgauge_samples_dropped_total\{.*reason="unknown_label".*\} 1$/m,
    );
  });

  test('is not a sample and is not counted as overflowed or dropped', async () => {
    const recorder = createRecorder({ maxLabelValues: 1, maxSeries: 4 });
    recorder.record(tool('book'), identity);
    recorder.prepare(tool('cancel'), identity);
    for (const name of ['a', 'b', 'c', 'd'])
      recorder.prepare(observation('lk_agents_tool_duration_seconds', { tool: name }, 1), identity);
    expect(await recorder.expose('text')).not.toMatch(
      /^talkgauge_(?:label_overflow|samples_dropped)_total\{/m,
    );
  });
});

describe('related counters are exposed at 0 with the first sample of another', () => {
  const model = { model_provider: 'acme', model_name: 'm-1' };
  const zeros = async (recorder: Recorder, ...names: string[]) =>
    parse(await recorder.expose('text'), 'text')
      .flatMap(({ samples }) => samples)
      .filter(({ name, value }) => value === 0 && names.includes(name))
      .map(({ labels: { agent_name, agent_version, model_provider, model_name, ...rest } }) =>
        Object.values(rest).join(' '),
      )
      .toSorted();

  test("a tool's failures with its first call", async () => {
    const recorder = createRecorder();
    recorder.record(tool('book'), identity);
    expect(await shown(recorder, 'lk_agents_tool_calls_total', { tool: 'book', outcome: 'ok' })).toBe(1);
    expect(await zeros(recorder, 'lk_agents_tool_calls_total')).toEqual(['book error']);
  });

  test("a model's other outcomes, errors, usage and billable units with its first request", async () => {
    const recorder = createRecorder();
    recorder.record(observation('lk_agents_llm_requests_total', { ...model, outcome: 'ok' }, 1), identity);
    expect(await zeros(recorder, 'lk_agents_llm_requests_total')).toEqual(['cancelled', 'empty', 'error']);
    expect(await zeros(recorder, 'lk_agents_errors_total')).toEqual(['llm false', 'llm true']);
    expect(await zeros(recorder, 'lk_agents_billable_usage_total')).toEqual([
      'llm cache_write_tokens',
      'llm cached_input_tokens',
      'llm input_tokens',
      'llm output_tokens',
    ]);
    expect(await shown(recorder, 'lk_agents_usage_llm_input_cached_tokens_total', model)).toBe(0);
    expect(await shown(recorder, 'lk_agents_usage_llm_input_audio_tokens_total')).toBeUndefined();
    expect(await shown(recorder, 'lk_agents_usage_tts_characters_total')).toBeUndefined();
  });

  test('backchannels with the first classified overlap', async () => {
    const recorder = createRecorder();
    recorder.record(observation('lk_agents_interruption_detected_total', model, 1), identity);
    expect(await shown(recorder, 'lk_agents_interruption_backchannels_total', model)).toBe(0);
    expect(await shown(recorder, 'lk_agents_interruption_requests_total', model)).toBe(0);
  });

  test('dropped spans with the first exported spans', async () => {
    const recorder = createRecorder();
    recorder.record(observation('talkgauge_spans_exported_total', {}, 5), identity);
    expect(await zeros(recorder, 'talkgauge_spans_dropped_total')).toEqual([
      'deadline',
      'export_failed',
      'internal_error',
      'queue_full',
    ]);
  });

  test('derived series, such as the cost of a unit that is used later', async () => {
    const recorder = createRecorder({
      derivation: {
        from: 'lk_agents_billable_usage_total',
        revision: 1,
        of: ({ unit, ...of }) => [{ metric: 'lk_agents_cost_usd_total', labels: of, factor: 2 }],
      },
    });
    recorder.record(observation('lk_agents_llm_requests_total', { ...model, outcome: 'ok' }, 1), identity);
    expect(await shown(recorder, 'lk_agents_cost_usd_total', { component: 'llm' })).toBe(0);
  });

  test('with the exposed labels of the first sample and without counting an overflow', async () => {
    const recorder = createRecorder({ maxLabelValues: 1 });
    for (const name of ['book', 'cancel']) recorder.record(tool(name), identity);
    expect(await zeros(recorder, 'lk_agents_tool_calls_total')).toEqual(['book error', 'other error']);
    expect(await shown(recorder, 'talkgauge_label_overflow_total')).toBe(1);
  });

  test('only while half of the series limit is free, so that recorded series have priority', async () => {
    const recorder = createRecorder({ maxSeries: 8 });
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) recorder.record(tool(name), identity);
    expect(await zeros(recorder, 'lk_agents_tool_calls_total')).toEqual(['a error', 'b error']);
    expect(await shown(recorder, 'lk_agents_tool_calls_total')).toBe(6);
    expect(await dropped(recorder, 'series_limit')).toBeUndefined();
  });
});
