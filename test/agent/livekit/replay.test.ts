import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { linesOf, replay } from '../../../src/agent/livekit/replay.ts';
import type { Observation } from '../../../src/catalogue/observation.ts';
import { start, valuesOf } from './call.ts';
import { llmMetrics, ttsMetrics } from './sdk-metrics.ts';

/** Replays lines or a stream and returns the result. */
async function replayed(lines: readonly string[] | Readable) {
  const observations: Observation[] = [];
  const problems: [line: number, problem: string][] = [];
  const summary = await replay({
    input: lines instanceof Readable ? lines : Readable.from([Buffer.from(lines.join('\n'))]),
    sink: (observation) => observations.push(observation),
    onProblem: (line, problem) => problems.push([line, problem]),
  });
  return { observations, problems, summary };
}

const line = (event: string, payload: object = {}, rest: object = {}) =>
  JSON.stringify({ session: 'a', event, payload: { createdAt: start, ...payload }, ...rest });
const answered = (given: object = {}, rest: object = {}) =>
  line('metrics_collected', { metrics: llmMetrics(given) }, rest);
const requests = 'lk_agents_llm_requests_total';

test('an event log is replayed in order', async () => {
  const file = join(import.meta.dirname, '../../fixtures/sdk-events.jsonl');
  const { observations, problems, summary } = await replayed(createReadStream(file));
  expect(summary).toEqual({ events: 267, skipped: 0 });
  expect(problems).toEqual([]);
  expect(valuesOf(observations, requests)).toHaveLength(20);
});

describe('a malformed line', () => {
  test.each<[string, string, string]>([
    ['invalid JSON', 'oops', 'not JSON'],
    ['half a line', answered().slice(0, 90), 'not JSON'],
    ['null', 'null', 'no event'],
    ['a number', '5', 'no event'],
    ['a list', '[]', 'no event'],
    ['no event', '{"session":"a","payload":{}}', 'no event'],
    ['an event name that is not a string', '{"event":5,"payload":{}}', 'no event'],
    ['no payload', '{"event":"close"}', 'no payload'],
    ['a null payload', '{"event":"close","payload":null}', 'no payload'],
    ['a string as payload', '{"event":"close","payload":"x"}', 'no payload'],
    ['an unknown event', '{"event":"telepathy","payload":{}}', 'unknown event "telepathy"'],
    [
      'an event named like an Object.prototype property',
      '{"event":"constructor","payload":{}}',
      'unknown event "constructor"',
    ],
    ['an event named __proto__', '{"event":"__proto__","payload":{}}', 'unknown event "__proto__"'],
  ])(
    '(%s) is reported with its number and skipped, and the others are replayed',
    async (_, malformed, problem) => {
      const { observations, problems, summary } = await replayed([
        answered(),
        malformed,
        '',
        answered({ requestId: 'b' }),
      ]);
      expect(problems).toEqual([[2, problem]]);
      expect(summary).toEqual({ events: 2, skipped: 1 });
      expect(valuesOf(observations, requests)).toEqual([1, 1]);
    },
  );

  test('with an event of an invalid shape is skipped', async () => {
    const { problems, summary } = await replayed([line('metrics_collected'), line('error'), answered()]);
    expect(problems.map(([number]) => number)).toEqual([1, 2]);
    expect(summary).toEqual({ events: 1, skipped: 2 });
  });

  test('of ten thousand characters is summarised', async () => {
    const { problems } = await replayed([line('x'.repeat(10_000))]);
    expect(problems[0]![1].length).toBeLessThan(100);
  });

  test('beyond the length limit is skipped', async () => {
    const long = Readable.from(
      (function* () {
        yield '{"event":"';
        for (let i = 0; i < 17; i++) yield 'x'.repeat(1024 * 1024);
        yield `"}\n${answered()}\n`;
      })(),
    );
    const { problems, summary } = await replayed(long);
    expect(problems).toEqual([[1, 'too long']]);
    expect(summary.events).toBe(1);
  });
});

describe('reads', () => {
  test.each([
    ['CRLF', [`${answered()}\r`, `${answered({ requestId: 'b' })}\r`, '']],
    ['a byte order mark', [`\uFEFF${answered()}`, answered({ requestId: 'b' })]],
    ['blanks around a line', [`  ${answered()}\t`, answered({ requestId: 'b' })]],
    ['a last line without a line break', [answered(), answered({ requestId: 'b' })]],
    [
      'a string that contains a line separator',
      [answered({ note: 'a\u2028b' }), answered({ requestId: 'b' })],
    ],
  ])('%s', async (_, lines) => {
    const { problems, summary } = await replayed(lines);
    expect(problems).toEqual([]);
    expect(summary).toEqual({ events: 2, skipped: 0 });
  });

  test('an empty file, without events', async () => {
    expect(await replayed([])).toEqual({
      observations: [],
      problems: [],
      summary: { events: 0, skipped: 0 },
    });
  });

  test('a missing file as an error without a crash', async () => {
    await expect(replayed(createReadStream(join(import.meta.dirname, 'missing.jsonl')))).rejects.toThrow(
      'ENOENT',
    );
  });

  test('a stream of 30 MB without buffering it', async () => {
    // An empty request id is not deduplicated, so each line counts.
    const text = `${answered().replace(/"requestId":"[^"]*"/, '"requestId":""')}\n`;
    const count = Math.ceil((30 * 1024 * 1024) / text.length);
    let made = 0;
    let read = 0;
    let ahead = 0;
    const input = Readable.from(
      (function* () {
        for (; made < count; made++) yield text;
      })(),
      { objectMode: false, highWaterMark: 64 * 1024 },
    );
    await replay({
      input,
      sink({ metric }) {
        if (metric !== requests) return;
        read += 1;
        ahead = Math.max(ahead, made - read);
      },
      onProblem: (number, problem) => expect.fail(`line ${number}: ${problem}`),
    });
    expect(read).toBe(count);
    // At most the lines that fit into the stream's buffer.
    expect(ahead * text.length).toBeLessThan(1024 * 1024);
  });
});

describe('sessions', () => {
  test('of one event log are distinguished', async () => {
    // An adapter's own event with another label is a duplicate only within a session.
    const lines = ['a', 'b'].map((session) => answered({ label: `${session}.LLM` }, { session }));
    const { observations } = await replayed(lines);
    expect(valuesOf(observations, requests)).toEqual([1, 1]);
  });

  test('without an id are one session', async () => {
    const lines = ['a', 'b'].map((label) => answered({ label: `${label}.LLM` }, { session: undefined }));
    const { observations } = await replayed(lines);
    expect(valuesOf(observations, requests)).toEqual([1]);
  });

  test('that start again after their close are new sessions', async () => {
    const state = line('agent_state_changed', { newState: 'listening' });
    const close = line('close', { reason: 'user_initiated' });
    const { observations } = await replayed([state, close, state, close]);
    expect(valuesOf(observations, 'lk_agents_sessions_active')).toEqual([1, -1, 1, -1]);
    expect(valuesOf(observations, 'lk_agents_sessions_total')).toEqual([1, 1]);
  });

  test('that are truncated in the event log leave no pending events', async () => {
    const metrics = ttsMetrics({ streamed: true });
    const { observations } = await replayed([line('metrics_collected', { metrics })]);
    expect(valuesOf(observations, 'lk_agents_tts_requests_total')).toEqual([1]);
  });

  test('that shared a model count its events once, according to the event log', async () => {
    const lines = [answered({}, { session: 'a' }), answered({}, { session: 'b', repeated: true })];
    const { observations } = await replayed(lines);
    expect(valuesOf(observations, requests)).toEqual([1]);
    expect(valuesOf(observations, 'talkgauge_duplicate_events_total', { type: 'llm_metrics' })).toEqual([1]);
  });
});

describe('a session report', () => {
  const events = [
    { type: 'metrics_collected', createdAt: start, metrics: llmMetrics() },
    { type: 'metrics_collected', createdAt: start, metrics: llmMetrics({ requestId: 'b' }), repeated: true },
    { type: 'telepathy' },
    { type: 'close', createdAt: start, reason: 'user_initiated' },
  ];
  const report = (given: object = {}) =>
    JSON.stringify({
      ...{ schemaVersion: 1, session: 'a', agentName: 'front-desk', agentVersion: '7', events },
      ...given,
    });

  test('has its events replayed with their agent', async () => {
    const about: unknown[] = [];
    const problems: string[] = [];
    const summary = await replay({
      input: Readable.from([Buffer.from(`${report()}\n${answered()}`)]),
      sink: (_, identity) => about.push(identity?.agentName),
      onProblem: (_, problem) => problems.push(problem),
    });
    expect(summary).toEqual({ events: 4, skipped: 1 });
    expect(problems).toEqual(['unknown event "telepathy"']);
    // The following line belongs to no report.
    expect(new Set(about)).toEqual(new Set(['front-desk', undefined]));
  });

  test.each([
    [
      'of another version',
      { schemaVersion: 2 },
      'a session report of version 2; this Talkgauge reads version 1',
    ],
    [
      'that lists no events',
      { events: [] },
      'a session report without events: it was written with the switch `logs` off',
    ],
  ])('%s is reported', async (_, given, problem) => {
    const { problems, summary } = await replayed([report(given)]);
    expect(problems).toEqual([[1, problem]]);
    expect(summary).toEqual({ events: 0, skipped: 1 });
  });
});

describe('lines of the input', () => {
  /** The lines of a stream with these chunks. */
  async function lines(pieces: readonly (string | Buffer)[]): Promise<(string | undefined)[]> {
    const found: (string | undefined)[] = [];
    for await (const line of linesOf(Readable.from(pieces, { objectMode: false }))) found.push(line);
    return found;
  }

  test.each([
    ['a stream that ends with a line break', ['one\ntwo\n'], ['one', 'two']],
    ['a stream that ends without a line break', ['one\ntwo'], ['one', 'two']],
    ['CRLF', ['one\r\ntwo\r\n'], ['one', 'two']],
    ['CRLF split over two chunks', ['one\r', '\ntwo\r', '\n'], ['one', 'two']],
    ['empty lines', ['\n\none\n'], ['', '', 'one']],
    ['an empty stream', [], []],
    [
      'what JSON leaves in a text and other programs take for the end of a line',
      ['a\u2028b\u2029c\n'],
      ['a\u2028b\u2029c'],
    ],
  ])('%s', async (_, pieces, expected) => expect(await lines(pieces)).toEqual(expected));

  test('chunk boundaries, also within a character, do not affect the lines', async () => {
    const text = 'naïve\n😀 emoji\r\n\nlast';
    const bytes = Buffer.from(text);
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat({ max: bytes.length })), async (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const pieces = at.slice(1).map((end, i) => bytes.subarray(at[i], end));
        expect(await lines(pieces.filter((piece) => piece.length > 0))).toEqual([
          'naïve',
          '😀 emoji',
          '',
          'last',
        ]);
      }),
    );
  });

  test('a line of 16 Mi characters is read, a longer one is skipped, and the next one is read', async () => {
    const mebi = 'x'.repeat(1024 * 1024);
    const [longest, tooLong, next] = await lines([
      ...Array<string>(16).fill(mebi),
      '\n',
      ...Array<string>(17).fill(mebi),
      'x\nnext\n',
    ]);
    expect(longest?.length).toBe(16 * 1024 * 1024);
    expect([tooLong, next]).toEqual([undefined, 'next']);
  });
});
