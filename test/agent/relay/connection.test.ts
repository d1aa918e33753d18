import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Connection, type FrameResult } from '../../../src/agent/relay/connection.ts';
import { createRecorder } from '../../../src/metrics/recorder.ts';
import { CostDerivation } from '../../../src/pricing/cost.ts';
import { PriceBook } from '../../../src/pricing/price-book.ts';
import { sampleOf } from '../worker/exposition.ts';
import { dropped, exposed, identity } from './relay.ts';

const hello = JSON.stringify({ v: 1, identity, pid: 1 });
const define = (id: number, metric: string, labels: Record<string, string> = {}) =>
  JSON.stringify({ id, metric, labels });
const handoffs = 'lk_agents_handoffs_total';
const active = 'lk_agents_sessions_active';
const sessionsEnded = 'lk_agents_sessions_total';
const ttft = 'lk_agents_llm_ttft_seconds';
const model = { model_provider: 'openai', model_name: 'gpt-4o' };
const model$ = 'model_provider="openai",model_name="gpt-4o"';

function connect(options: { maxSeries?: number; recorder?: ReturnType<typeof createRecorder> } = {}) {
  const recorder = options.recorder ?? createRecorder();
  const frames: Partial<Record<FrameResult, number>> = {};
  let greetings = 0;
  const connection = new Connection({
    recorder,
    frame: (result, count) => {
      frames[result] = (frames[result] ?? 0) + count;
    },
    onHello: () => greetings++,
    maxLineBytes: 65_536,
    maxSeries: options.maxSeries ?? 4096,
  });
  return {
    recorder,
    frames,
    connection,
    greetings: () => greetings,
    send: (...lines: (string | Buffer)[]) =>
      connection.receive(Buffer.concat(lines.flatMap((line) => [Buffer.from(line), Buffer.from('\n')]))),
  };
}

test('samples are recorded in the series of their ids', async () => {
  const { send, recorder, frames, greetings } = connect();
  send(hello, define(0, handoffs), define(1, ttft, model), '[0,1,1,0.5,0,2]', '[1,1.5]');
  expect(await exposed(recorder, handoffs)).toEqual(['3']);
  expect(await exposed(recorder, `${ttft}_sum`)).toEqual([`{${model$}} 2`]);
  expect(await exposed(recorder, `${ttft}_count`)).toEqual([`{${model$}} 2`]);
  expect(frames).toEqual({ ok: 5 });
  expect(greetings()).toBe(1);
  expect(await dropped(recorder)).toEqual([]);
});

test('series have the identity of the connection', async () => {
  const { send, recorder } = connect();
  send(hello, define(0, handoffs), '[0,1]');
  expect(await recorder.expose('text')).toContain(
    'lk_agents_handoffs_total{agent_name="front-desk",agent_version="1.4.0"} 1\n',
  );
});

test('an exemplar is forwarded with its sample', async () => {
  const { send, recorder } = connect();
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
  send(hello, define(0, ttft, model), `[0,0.45,["${trace}","00f067aa0ba902b7"]]`);
  expect(await recorder.expose('openmetrics')).toContain(
    `{le="0.5",agent_name="front-desk",agent_version="1.4.0",${model$}} 1 # {trace_id="${trace}",span_id="00f067aa0ba902b7"} 0.45 `,
  );
});

test('a second hello and any frame before the first hello are malformed', async () => {
  const { send, recorder, frames, greetings } = connect();
  send(define(0, handoffs), '[0,1]', hello, hello, define(0, handoffs), '[0,1]');
  expect(greetings()).toBe(1);
  expect(frames).toEqual({ malformed: 3, ok: 3 });
  expect(await exposed(recorder, handoffs)).toEqual(['1']);
});

test('another protocol version is incompatible and ends reading', async () => {
  const { send, recorder, frames, greetings } = connect();
  expect(send('{"v":2,"identity":{}}', hello, define(0, handoffs), '[0,1]')).toBe('incompatible');
  expect(send(hello)).toBe('incompatible');
  expect(frames).toEqual({ incompatible: 1 });
  expect(greetings()).toBe(0);
  expect(await exposed(recorder, handoffs)).toEqual([]);
});

test('a line beyond the limit is oversized and ends reading', () => {
  const { send, connection, frames } = connect();
  expect(send(hello)).toBe('open');
  expect(connection.receive(Buffer.alloc(65_536, 'x'))).toBe('open');
  expect(connection.receive(Buffer.from('x'))).toBe('oversized');
  expect(connection.receive(Buffer.from('\n[]\n'))).toBe('oversized');
  connection.close(true);
  expect(frames).toEqual({ ok: 1, oversized: 1 });
});

test('unknown metrics, unknown labels and unlisted values are each dropped with their reason', async () => {
  const { send, recorder, frames } = connect();
  send(
    hello,
    define(0, 'lk_agents_nonsense_total'),
    define(1, handoffs, { room: 'x' }),
    define(2, sessionsEnded, { close_reason: 'boredom' }),
    define(3, sessionsEnded),
    define(4, '__proto__'),
    define(5, 'constructor'),
    define(6, handoffs),
    '[0,1,1,1,2,1,3,1,4,1,5,1,6,1]',
    '[0,1,1,1,6,1]',
  );
  expect(await exposed(recorder, handoffs)).toEqual(['2']);
  expect(await dropped(recorder)).toEqual(['{reason="unknown_label"} 4', '{reason="unknown_metric"} 4']);
  expect(frames).toEqual({ ok: 10 });
});

test('prototype property names are refused as labels and change no object', async () => {
  const { send, recorder } = connect();
  send(
    hello,
    '{"id":0,"metric":"lk_agents_handoffs_total","labels":{"__proto__":"x"}}',
    '{"id":1,"metric":"lk_agents_tool_duration_seconds","labels":{"__proto__":"x"}}',
    '{"id":2,"metric":"lk_agents_tool_duration_seconds","labels":{"tool":"__proto__"}}',
    '[0,1,1,1,2,1]',
  );
  expect(await exposed(recorder, 'lk_agents_tool_duration_seconds_count')).toEqual(['{tool="__proto__"} 1']);
  expect(await dropped(recorder)).toEqual(['{reason="unknown_label"} 2']);
  expect(({} as { polluted?: string }).polluted).toBeUndefined();
});

test('invalid values are dropped, and the valid ones around them are counted', async () => {
  const { send, recorder, frames } = connect();
  // JSON.stringify writes null for NaN and Infinity; a parser reads 1e999 as Infinity.
  send(hello, define(0, handoffs), define(1, ttft, model), define(2, active));
  send('[0,1,0,null,0,-1,0,1e999,0,1e308,1,null,1,-1e999,1,0.5,2,1e308,2,null,0,1]');
  expect(await exposed(recorder, handoffs)).toEqual(['2']);
  expect(await exposed(recorder, `${ttft}_count`)).toEqual([`{${model$}} 1`]);
  expect(await exposed(recorder, active)).toEqual([]);
  expect(await dropped(recorder)).toEqual(['{reason="invalid_value"} 8']);
  expect(frames).toEqual({ ok: 5 });
});

test('valid samples of a frame are counted even if another one is invalid', async () => {
  const { send, recorder, frames } = connect();
  send(hello, define(0, handoffs), define(1, ttft, model));
  send('[0,1,"0",1,null,1,0,"1",{},1,77,1,0.5,1,0,[1],0,1,0]');
  // "0", null, {} and 0.5 are not ids; 77 is not defined; "1" and [1] are not values; the last 0 has no value.
  expect(await exposed(recorder, handoffs)).toEqual(['2']);
  expect(await dropped(recorder)).toEqual(['{reason="invalid_frame"} 8']);
  expect(frames).toEqual({ ok: 4 });
});

test('an id that is defined again keeps its first series', async () => {
  const { send, recorder, frames } = connect();
  send(hello, define(0, handoffs), define(0, 'lk_agents_vad_inferences_total'), '[0,1]');
  expect(await exposed(recorder, handoffs)).toEqual(['1']);
  expect(await exposed(recorder, 'lk_agents_vad_inferences_total')).toEqual([]);
  expect(frames).toEqual({ ok: 3, malformed: 1 });
});

test('the series per connection are limited, and samples of further ones are dropped', async () => {
  const { send, recorder, frames } = connect({ maxSeries: 2 });
  const tool = (name: string) => ({ tool: name, outcome: 'ok' });
  const calls = 'lk_agents_tool_calls_total';
  send(hello, define(0, calls, tool('a')), define(1, calls, tool('b')), define(2, calls, tool('c')));
  send('[0,1,1,1,2,1,2,1,3,1]');
  expect(await exposed(recorder, calls)).toEqual(['{tool="a",outcome="ok"} 1', '{tool="b",outcome="ok"} 1']);
  expect(await dropped(recorder)).toEqual(['{reason="series_limit"} 3']);
  expect(frames).toEqual({ ok: 5 });
});

test('samples of new series are dropped as series_limit when the recorder is full', async () => {
  const { send, recorder } = connect({ recorder: createRecorder({ maxSeries: 0 }) });
  send(hello, define(0, 'lk_agents_tool_duration_seconds', { tool: 'a' }), '[0,1,0,1,0,1]');
  const drops = await dropped(recorder);
  // The initial counters of the agent were dropped as well.
  const full = Number(drops[0]?.split(' ')[1]);
  send('[0,1]');
  expect(await dropped(recorder)).toEqual([`{reason="series_limit"} ${full + 1}`]);
});

test('the series of twenty thousand tool names are bounded, and the overflow is counted', async () => {
  const { send, recorder } = connect();
  const calls = 'lk_agents_tool_calls_total';
  send(hello);
  for (let id = 0; id < 20_000; id++) send(define(id, calls, { tool: `t${id}`, outcome: 'ok' }), `[${id},1]`);
  const series = await exposed(recorder, calls);
  expect(series).toHaveLength(201); // 200 values, and "other"
  expect(series).toContain('{tool="other",outcome="ok"} 3896');
  expect(await dropped(recorder)).toEqual(['{reason="series_limit"} 15904']);
});

test('kilobytes of emoji and lone surrogates become a short, well-formed label', async () => {
  const { send, recorder } = connect();
  const duration = 'lk_agents_tool_duration_seconds';
  send(hello, define(0, duration, { tool: '😀'.repeat(2500) }), define(1, duration, { tool: 'a\ud800b' }));
  send('[0,1,1,1]');
  expect(await exposed(recorder, `${duration}_count`)).toEqual([
    `{tool="a�b"} 1`,
    `{tool="${'😀'.repeat(128)}"} 1`,
  ]);
});

test('deep nesting and long arrays do not throw', async () => {
  const { send, recorder, frames } = connect();
  send(hello, define(0, handoffs));
  send('['.repeat(65_000), `${'['.repeat(32_000)}${']'.repeat(32_000)}`, `[0,1${',0,1'.repeat(16_000)}]`);
  expect(await exposed(recorder, handoffs)).toEqual(['16001']);
  expect(frames).toEqual({ ok: 4, malformed: 1 });
  expect(await dropped(recorder)).toEqual(['{reason="invalid_frame"} 1']);
});

test('lines may end in \\r\\n, be empty, or not be UTF-8', async () => {
  const { send, recorder, frames } = connect();
  send(`${hello}\r`, `${define(0, handoffs)}\r`, '\r', '', '[0,1]\r', Buffer.from([0xc3, 0x28]), '[0,1]');
  expect(await exposed(recorder, handoffs)).toEqual(['2']);
  expect(frames).toEqual({ ok: 4, malformed: 1 });
});

test('an incomplete frame at the end is malformed', () => {
  const { connection, frames, send } = connect();
  send(hello);
  connection.receive(Buffer.from('[0,1'));
  connection.close(true);
  expect(frames).toEqual({ ok: 1, malformed: 1 });
});

test("a gauge is the sum of the connections' shares", async () => {
  const recorder = createRecorder();
  const one = connect({ recorder });
  const two = connect({ recorder });
  one.send(hello, define(0, active), '[0,2]');
  two.send(hello, define(3, active), '[3,5]', '[3,5]');
  expect(await exposed(recorder, active)).toEqual(['7']);
  one.send('[0,1]');
  expect(await exposed(recorder, active)).toEqual(['6']);
  two.send('[3,0]');
  expect(await exposed(recorder, active)).toEqual(['1']);
});

test('the gauge share of a lost connection is removed and counted according to the catalogue', async () => {
  const { send, connection, recorder } = connect();
  send(hello, define(0, active), '[0,3]', '[0,2]');
  connection.close(true);
  connection.close(true);
  expect(await recorder.expose('text')).toContain(
    'lk_agents_sessions_active{agent_name="front-desk",agent_version="1.4.0"} 0\n',
  );
  expect(await exposed(recorder, sessionsEnded)).toEqual(['{close_reason="crashed"} 2']);
});

test('a connection closed by the worker removes its gauge share and counts no crash', async () => {
  const { send, connection, recorder } = connect();
  send(hello, define(0, active), '[0,3]');
  connection.close(false);
  expect(await exposed(recorder, active)).toEqual([]);
  expect(await exposed(recorder, sessionsEnded)).toEqual([]);
});

test('a connection without a gauge share counts no loss', async () => {
  const { send, connection, recorder } = connect();
  send(hello, define(0, active), '[0,1]', '[0,0]');
  connection.close(true);
  expect(await exposed(recorder, sessionsEnded)).toEqual([]);
});

test('a negative share is removed and counts no loss', async () => {
  const { send, connection, recorder } = connect();
  send(hello, define(0, active), '[0,-2]');
  expect(await exposed(recorder, active)).toEqual(['-2']);
  connection.close(true);
  expect(await exposed(recorder, active)).toEqual([]);
  expect(await exposed(recorder, sessionsEnded)).toEqual([]);
  expect(await dropped(recorder)).toEqual([]);
});

test('an invalid share is dropped, and the previous one is removed at the end', async () => {
  const { send, connection, recorder } = connect();
  send(hello, define(0, active), '[0,3]', '[0,1e308]', '[0,5.1e14]', '[0,null]');
  expect(await exposed(recorder, active)).toEqual(['3']);
  connection.close(true);
  expect(await exposed(recorder, active)).toEqual([]);
  expect(await exposed(recorder, sessionsEnded)).toEqual(['{close_reason="crashed"} 3']);
  expect(await dropped(recorder)).toEqual(['{reason="invalid_value"} 3']);
});

test('the largest share can change to the smallest', async () => {
  const { send, recorder } = connect();
  send(hello, define(0, active), '[0,5e14]', '[0,-5e14]');
  expect(await exposed(recorder, active)).toEqual(['-500000000000000']);
  expect(await dropped(recorder)).toEqual([]);
});

test('a failing recorder loses the sample and not the connection', async () => {
  const recorder = createRecorder();
  let fails = true;
  const failing = {
    ...recorder,
    series: (...args: Parameters<typeof recorder.series>) => {
      const series = recorder.series(...args);
      return (
        series && {
          add(value: number) {
            if (fails) throw new Error('out of order');
            series.add(value);
          },
        }
      );
    },
  };
  const { send } = connect({ recorder: failing });
  send(hello, define(0, handoffs), '[0,1,0,1]');
  fails = false;
  send('[0,1]');
  expect(await exposed(recorder, handoffs)).toEqual(['1']);
  expect(await dropped(recorder)).toEqual(['{reason="internal_error"} 2']);
});

test('invalid bytes, split anywhere, never throw, and the valid frames around them are counted', async () => {
  const anyGarbage = fc
    .oneof(
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      fc.json().map((text) => Buffer.from(text)),
      fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
      fc
        .array(fc.oneof(fc.integer(), fc.double(), fc.string()))
        .map((list) => Buffer.from(JSON.stringify(list))),
    )
    // A version or a sample of the valid series would be valid.
    .filter((bytes) => !/"v"|[[,\s]\s*(900|9e2)/i.test(bytes.toString('latin1')));
  await fc.assert(
    fc.asyncProperty(fc.array(anyGarbage), fc.array(fc.nat()), async (garbage, cuts) => {
      const { connection, recorder, frames } = connect();
      const parts: Buffer[] = [Buffer.from(`${hello}\n${define(900, handoffs)}\n`)];
      for (const bytes of garbage) parts.push(bytes, Buffer.from('\n[900,1]\n'));
      const stream = Buffer.concat(parts);
      const places = [
        0,
        ...cuts.map((truncateLabel) => truncateLabel % (stream.length + 1)),
        stream.length,
      ].sort((a, b) => a - b);
      for (let at = 1; at < places.length; at++) {
        expect(connection.receive(stream.subarray(places[at - 1], places[at]))).toBe('open');
      }
      expect(await exposed(recorder, handoffs)).toEqual(garbage.length > 0 ? [`${garbage.length}`] : []);
      expect(frames.ok).toBeGreaterThanOrEqual(garbage.length + 2);
    }),
    { numRuns: 50 },
  );
});

test('a job cannot report its cost, because the worker derives cost from usage', async () => {
  const derivation = new CostDerivation(new PriceBook());
  const { send, recorder } = connect({ recorder: createRecorder({ derivation }) });
  const billed = { ...model, component: 'llm' };
  send(
    hello,
    define(0, 'lk_agents_cost_usd_total', billed),
    define(1, 'lk_agents_cost_unpriced_usage_total', { ...billed, unit: 'output_tokens' }),
    define(2, 'lk_agents_billable_usage_total', { ...billed, unit: 'output_tokens' }),
    JSON.stringify([0, 1e9, 1, 5, 2, 1_000_000]),
  );
  const text = await recorder.expose('text');
  expect(sampleOf(text, 'lk_agents_cost_usd_total')).toBe(10);
  expect(sampleOf(text, 'lk_agents_cost_unpriced_usage_total')).toBeUndefined();
  expect(sampleOf(text, 'talkgauge_samples_dropped_total', { reason: 'unknown_metric' })).toBe(2);
});
