import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ChatItem } from '../../../src/gateway/decode/chat-item.ts';
import { emptyBatch, type SpanRecord } from '../../../src/gateway/decode/records.ts';
import type { Timeline } from '../../../src/gateway/timeline/timeline.ts';
import { type Running, startTestGateway } from '../running.ts';
import { type Captured, capturedOf } from '../uploads.ts';

const timelineOf = (gateway: Running, id: string): Promise<Timeline> =>
  gateway.json(`/api/sessions/${id}/timeline`);

async function ofCaptured(requests: readonly Captured[], id: string): Promise<Timeline> {
  const gateway = await startTestGateway();
  await gateway.take(requests);
  return timelineOf(gateway, id);
}

let spans = 0;
const span = (
  name: string,
  start: number,
  end: number,
  attributes: SpanRecord['attributes'] = {},
  parentId?: string,
): SpanRecord => ({
  traceId: 't',
  spanId: `s${++spans}`,
  parentId,
  name,
  start: 1000 + start,
  end: 1000 + end,
  attributes,
  events: [],
  status: 'unset',
});

async function ofRecords(
  records: { spans?: SpanRecord[]; items?: ChatItem[] },
  redacted = false,
): Promise<Timeline> {
  const gateway = await startTestGateway();
  const identity = { jobId: 'AJ_1', language: 'nodejs', redacted, simulated: false };
  await gateway.store.apply({ ...emptyBatch(identity), ...records }, 'a');
  return timelineOf(gateway, 'AJ_1');
}

const segmentsOf = (timeline: Timeline, turn: number) =>
  timeline.turns
    .find((each) => each.turn === turn)
    ?.latency?.segments.map(({ segment, seconds }) => [segment, Math.round(seconds * 1000)]);

describe('an ended session', () => {
  test('is shown turn by turn, including events before the first turn', async () => {
    const { turns } = await ofCaptured(capturedOf('full'), 'AJ_full');
    expect(turns.map(({ turn, start, end, items }) => [turn, start, end, items.length])).toEqual([
      [0, 0, 0.938, 3],
      [1, 1.308, 5.888, 2],
      [2, 6.261, 9.999, 7],
      [3, 10.407, 17.66, 2],
      [4, 14.141, 17.693, 1],
      [5, 22.093, 25.851, 6],
      [6, 26.161, 26.161, 1],
    ]);
    expect(turns[2]).toMatchObject({ toolCalls: 2, toolErrors: 1, interrupted: false });
    expect(turns[3]).toMatchObject({ toolCalls: 0, interrupted: true });
  });

  test('has the speech of each speaker, including the last speech, for which the job sent no spans', async () => {
    const { lanes } = await ofCaptured(capturedOf('full'), 'AJ_full');
    expect(lanes.user.map(({ start, end, turn }) => [start, end, turn])).toEqual([
      [1.309, 4.674, 1],
      [6.262, 8.306, 2],
      [10.408, 12.958, 3],
      [14.142, 17.377, 4],
      [22.093, 24.369, 5],
    ]);
    expect(lanes.agent.map(({ start, end, turn, interrupted }) => [start, end, turn, interrupted])).toEqual([
      [0.386, 0.938, 0, undefined],
      [5.219, 5.888, 1, undefined],
      [8.851, 9.155, 2, undefined],
      [9.389, 9.998, 2, undefined],
      [13.519, 14.47, 3, true],
      [25.053, 25.843, 5, undefined],
    ]);
    expect(lanes.tools.map(({ start, end, name, isError }) => [start, end, name, isError])).toEqual([
      [8.756, 8.908, 'getWeather', false],
      [8.758, 8.759, 'bookTable', true],
      [24.815, 24.816, 'transfer', false],
    ]);
    expect(lanes.thinking).toHaveLength(6);
    expect(lanes.thinking[1]).toMatchObject({ start: 4.974, end: 5.127, turn: 1, model: 'fake-llm-1' });
  });

  test('has events of a single moment', async () => {
    const { events, duration } = await ofCaptured(capturedOf('full'), 'AJ_full');
    expect(duration).toBe(28.439);
    expect(events).toEqual([
      { at: 8.758, kind: 'error', label: 'exception occurred while executing tool', turn: 2 },
      { at: 14.47, kind: 'interruption', turn: 3 },
      { at: 17.689, kind: 'error', label: 'llm_request_run: APIConnectionError', turn: 4 },
      { at: 25.851, kind: 'handoff', label: 'main → billing', turn: 5 },
      { at: 28.439, kind: 'closed', label: 'user_initiated' },
    ]);
  });

  test('starts with its recording, if the recording started first', async () => {
    const { start, audioOffset, events } = await ofCaptured(capturedOf('flush'), 'AJ_flush');
    expect([start, audioOffset]).toEqual([1795346678.943, 0]);
    expect(events[0]).toEqual({ at: 0, kind: 'blocked', seconds: expect.closeTo(0.162, 3), turn: 0 });
  });
});

describe('the latency of a turn', () => {
  test('is the sum of its segments', async () => {
    const timeline = await ofCaptured(capturedOf('full'), 'AJ_full');
    expect(segmentsOf(timeline, 1)).toEqual([
      ['transcription', 298],
      ['endpointing', 4],
      ['llm', 125],
      ['tts', 91],
      ['unattributed', 26],
    ]);
    // The tools ran while the agent was already speaking.
    expect(segmentsOf(timeline, 2)).toEqual([
      ['transcription', 315],
      ['endpointing', 2],
      ['llm', 122],
      ['tts', 91],
      ['unattributed', 15],
    ]);
    expect(segmentsOf(timeline, 4)).toBeUndefined();
    expect(segmentsOf(timeline, 6)).toBeUndefined();
  });

  test('includes tools that ran before the agent spoke, parallel tools once, and the requests before them', async () => {
    // The user stops at 2; the LLM asks for tools from 2.5 to 3; they run to 4; then it answers, and is heard at 5.
    const user = span('user_turn', 0, 2.5, {
      'lk.pii.user_transcript': 'when?',
      'lk.end_of_turn_delay': 500,
    });
    const first = span('agent_turn', 2.5, 4, { 'lk.speech_id': 'a' });
    const second = span('agent_turn', 4, 6, {
      'lk.speech_id': 'a',
      'lk.e2e_latency': 3,
      'lk.pii.response.text': 'Now.',
    });
    const node = span('llm_node', 2.5, 3, {}, first.spanId);
    const timeline = await ofRecords({
      spans: [
        user,
        span('user_speaking', 0, 2, {}, user.spanId),
        first,
        node,
        span('llm_request', 2.5, 3, { 'lk.llm_metrics': '{"durationMs":500,"ttftMs":100}' }, node.spanId),
        span('function_tool', 3, 3.75, { 'lk.function_tool.name': 'clock' }, first.spanId),
        span('function_tool', 3.5, 4, { 'lk.function_tool.name': 'calendar' }, first.spanId),
        second,
        span('llm_node', 4, 4.75, { 'lk.response.ttft': 0.5 }, second.spanId),
        span('tts_node', 4.5, 5.5, { 'lk.response.ttfb': 0.25 }, second.spanId),
        span('agent_speaking', 5, 6, {}, second.spanId),
      ],
    });
    expect(timeline.turns).toHaveLength(1);
    expect(timeline.turns[0]).toMatchObject({ turn: 1, start: 0, end: 6, latency: { e2e: 3, from: 2 } });
    expect(segmentsOf(timeline, 1)).toEqual([
      ['endpointing', 500],
      ['llm', 1000],
      ['tools', 1000],
      ['tts', 250],
      ['unattributed', 250],
    ]);
  });

  test('is the same with Python, which has one span per speech', async () => {
    const user = span('user_turn', 0, 2.5, { 'lk.user_transcript': 'when?', 'lk.end_of_turn_delay': 0.5 });
    const speech = span('agent_turn', 2.5, 6, { 'lk.speech_id': 'a' });
    const node = span('llm_node', 2.5, 3, { 'lk.response.ttft': 0.1 }, speech.spanId);
    const timeline = await ofRecords({
      spans: [
        user,
        span('user_speaking', 0, 2, {}, user.spanId),
        speech,
        node,
        span('llm_request', 2.5, 3, { 'lk.llm_metrics': '{"durationMs":500}' }, node.spanId),
        span('function_tool', 3, 4, { 'lk.function_tool.name': 'clock' }, speech.spanId),
        span('llm_node', 4, 4.75, { 'lk.response.ttft': 0.5 }, speech.spanId),
        span('agent_speaking', 5, 6, {}, speech.spanId),
      ],
      items: [
        {
          ...{ id: 'u', type: 'message', role: 'user', at: 1002.5 },
          metrics: { startedSpeakingAt: 1000, stoppedSpeakingAt: 1002, endOfTurnDelay: 0.5 },
        },
        {
          ...{ id: 'a', type: 'message', role: 'assistant', at: 1004 },
          metrics: { startedSpeakingAt: 1005, llmTtft: 0.5, ttsTtfb: 0.25, e2eLatency: 3 },
        },
      ],
    });
    expect(segmentsOf(timeline, 1)).toEqual([
      ['endpointing', 500],
      ['llm', 1000],
      ['tools', 1000],
      ['tts', 250],
      ['unattributed', 250],
    ]);
    expect(timeline.lanes.agent).toEqual([{ start: 5, end: 6, turn: 1, item: 'a' }]);
  });

  test('keeps an answer in its turn if the next turn was typed at the same moment', async () => {
    const message = (role: string, id: string, at: number): ChatItem => ({ id, type: 'message', role, at });
    const timeline = await ofRecords({
      items: [
        message('user', 'u1', 1000),
        message('assistant', 'a1', 1000.0095),
        message('user', 'u2', 1000.01),
        message('assistant', 'a2', 1000.0105),
      ],
    });
    expect(timeline.turns.map(({ turn, items }) => [turn, items])).toEqual([
      [1, ['u1', 'a1']],
      [2, ['u2', 'a2']],
    ]);
  });

  test('equals the sum of its segments for any measurements', async () => {
    const gateway = await startTestGateway();
    let sessions = 0;
    const delay = fc.option(fc.double({ min: -2, max: 20, noNaN: true }), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ e2e: delay, eot: delay, hook: delay, ttft: delay, ttfb: delay })),
        async (turns) => {
          const jobId = `AJ_${++sessions}`;
          const items = turns.flatMap(({ e2e, eot, hook, ttft, ttfb }, index): ChatItem[] => [
            {
              id: `u${index}`,
              type: 'message',
              role: 'user',
              at: 100 * index + 1,
              metrics: {
                stoppedSpeakingAt: 100 * index + 1,
                endOfTurnDelay: eot,
                onUserTurnCompletedDelay: hook,
              },
            },
            {
              id: `a${index}`,
              type: 'message',
              role: 'assistant',
              at: 100 * index + 2,
              metrics: { e2eLatency: e2e, llmTtft: ttft, ttsTtfb: ttfb },
            },
          ]);
          await gateway.store.apply(
            { ...emptyBatch({ jobId, redacted: false, simulated: false }), items },
            jobId,
          );
          const timeline = await timelineOf(gateway, jobId);
          expect(timeline.turns).toHaveLength(turns.length);
          for (const [index, { latency }] of timeline.turns.entries()) {
            const e2e = turns[index]?.e2e;
            expect(latency?.e2e).toEqual(e2e !== undefined && e2e >= 0 ? e2e + 0 : undefined);
            const sum = latency?.segments.reduce((total, { seconds }) => total + seconds, 0);
            if (latency) expect(sum).toBeCloseTo(latency.e2e, 9);
          }
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('a running call', () => {
  const live = () => capturedOf('full').filter(({ kind }) => kind === 'traces');

  test('is shown in the same way, from spans', async () => {
    const timeline = await ofCaptured(live(), 'AJ_full');
    expect(timeline.turns.map(({ turn, toolCalls, interrupted }) => [turn, toolCalls, interrupted])).toEqual([
      [0, 0, false],
      [1, 0, false],
      [2, 2, false],
      [3, 0, true],
      [4, 0, false],
    ]);
    expect(segmentsOf(timeline, 1)).toEqual([
      ['transcription', 298],
      ['endpointing', 4],
      ['llm', 125],
      ['tts', 91],
      ['unattributed', 26],
    ]);
    expect(timeline.events.map(({ kind }) => kind)).toEqual(['interruption', 'error']);
  });

  test('has turns and latencies without text if it is redacted', async () => {
    const gateway = await startTestGateway();
    await gateway.store.apply(emptyBatch({ jobId: 'AJ_full', redacted: true, simulated: false }), 'a');
    await gateway.take(live());
    const timeline = await timelineOf(gateway, 'AJ_full');
    expect(timeline.turns.map(({ turn }) => turn)).toEqual([0, 1, 2, 3, 4]);
    expect(segmentsOf(timeline, 1)?.slice(0, 3)).toEqual([
      ['transcription', 298],
      ['endpointing', 4],
      ['llm', 125],
    ]);
    const { items } = await gateway.json('/api/sessions/AJ_full/transcript');
    expect(items.filter(({ role }: ChatItem) => role === 'user')).toHaveLength(4);
    expect(items.some(({ text }: ChatItem) => text !== undefined)).toBe(false);
  });

  test('has the items of the transcript', async () => {
    const gateway = await startTestGateway();
    await gateway.take(live());
    const { items } = await gateway.json('/api/sessions/AJ_full/transcript');
    const { turns } = await timelineOf(gateway, 'AJ_full');
    expect(turns.flatMap((turn) => turn.items).sort()).toEqual(items.map(({ id }: ChatItem) => id).sort());
  });
});

test('a user message to a realtime model has the time of the preceding speech', async () => {
  const said = (id: string, at: number): ChatItem => ({ id, type: 'message', role: 'user', at: 1000 + at });
  const reply = (id: string, at: number): ChatItem => ({
    ...{ id, type: 'message', role: 'assistant', at: 1000 + at },
    metrics: { startedSpeakingAt: 1000 + at },
  });
  const session = 'a span that the job did not send';
  const { turns, lanes } = await ofRecords({
    spans: [
      span('user_speaking', 5, 7, {}, session),
      span('agent_turn', 7.1, 10, {}, session),
      // The transcript arrives when the speech ends, a little earlier, and after a part of the reply.
      span('user_speaking', 9.9, 12.01, {}, session),
      span('user_speaking', 20, 21, {}, session),
      span('user_speaking', 21.5, 23, {}, session),
      span('user_speaking', 30, 31, {}, session),
    ],
    items: [
      reply('greeting', 1),
      said('u1', 7),
      reply('a1', 7.3),
      said('u2', 12),
      reply('a2', 12.5),
      reply('a3', 23.4),
      said('u3', 23.6),
    ],
  });
  expect(lanes.user.map(({ start, end, turn, item }) => [start, end, turn, item])).toEqual([
    [4, 6, 1, 'u1'],
    [8.9, 11.01, 2, 'u2'],
    [19, 20, 3, 'u3'],
    [20.5, 22, 3, 'u3'],
    [29, 30, undefined, undefined],
  ]);
  expect(turns.map(({ turn, start, items }) => [turn, start, items])).toEqual([
    [0, 0, ['greeting']],
    [1, 4, ['u1', 'a1']],
    [2, 8.9, ['u2', 'a2']],
    [3, 19, ['u3', 'a3']],
  ]);
});

test('a turn begins when the user takes the turn, not with an earlier backchannel', async () => {
  // The agent speaks from 3 to 10; the user says `mhm` at 5, cuts in at 9.5, and stops at 12.
  const first = span('user_turn', 0, 2, { 'lk.pii.user_transcript': 'tell me' });
  const step = span('agent_turn', 2, 10, {
    'lk.pii.response.text': 'So it was that …',
    'lk.interrupted': true,
  });
  const second = span('user_turn', 5, 12.5, { 'lk.pii.user_transcript': 'mhm. wait' });
  // Both SDKs write the result of the detector as a string.
  const { turns, lanes } = await ofRecords({
    spans: [
      first,
      span('user_speaking', 0, 2, {}, first.spanId),
      step,
      span('agent_speaking', 3, 10, {}, step.spanId),
      second,
      span('user_speaking', 5, 5.5, { 'lk.is_interruption': 'false' }, second.spanId),
      span('user_speaking', 9.5, 12, { 'lk.is_interruption': 'true' }, second.spanId),
    ],
  });
  expect(turns.map(({ turn, start, end }) => [turn, start, end])).toEqual([
    [1, 0, 10],
    [2, 9.5, 12],
  ]);
  expect(lanes.user.map(({ start, overlap }) => [start, overlap])).toEqual([
    [0, undefined],
    [5, true],
    [9.5, true],
  ]);
});

test('a fallback adapter has the name of the model that it called; a blocked event loop is not also an error', async () => {
  const node = span('llm_node', 0, 1, {
    'gen_ai.provider.name': 'unknown',
    'gen_ai.request.model': 'FallbackAdapter',
  });
  const metrics = { metadata: { modelProvider: 'openai', modelName: 'gpt-4o' } };
  const { lanes, events } = await ofRecords({
    spans: [
      node,
      span('llm_request', 0, 1, { 'lk.llm_metrics': JSON.stringify(metrics) }, node.spanId),
      { ...span('event_loop_blocked', 0.5, 0.75), status: 'error' },
    ],
  });
  expect(lanes.thinking).toMatchObject([{ provider: 'openai', model: 'gpt-4o' }]);
  expect(events).toEqual([{ at: 0.5, kind: 'blocked', seconds: 0.25 }]);
});

describe('unusual input', () => {
  test('a session without uploads', async () => {
    const gateway = await startTestGateway();
    const log = { at: 1000, level: 'info' as const, message: 'starting', scope: '', attributes: {} };
    const identity = { jobId: 'AJ_1', redacted: false, simulated: false };
    await gateway.store.apply({ ...emptyBatch(identity), logs: [log] }, 'a');
    expect(await timelineOf(gateway, 'AJ_1')).toEqual({
      start: 1000,
      duration: 0,
      turns: [],
      lanes: { user: [], agent: [], thinking: [], tools: [] },
      events: [],
      omitted: 0,
    });
  });

  test('a span that was sent twice is shown once', async () => {
    const user = span('user_speaking', 0, 1);
    const { lanes } = await ofRecords({ spans: [user, user] });
    expect(lanes.user).toEqual([{ start: 0, end: 1 }]);
  });

  test('spans with a cycle of parents', async () => {
    const one = { ...span('llm_node', 0, 1), spanId: 'x', parentId: 'y' };
    const other = { ...span('function_tool', 1, 2), spanId: 'y', parentId: 'x' };
    const { lanes } = await ofRecords({ spans: [one, other] });
    expect([lanes.thinking.length, lanes.tools.length]).toEqual([1, 1]);
  });

  test('more bars than the limit: the rest is counted', async () => {
    const { lanes, omitted } = await ofRecords({
      spans: Array.from({ length: 20_010 }, (_, at) => span('user_speaking', at, at + 0.5)),
    });
    expect([lanes.user.length, omitted]).toEqual([20_000, 10]);
  });

  test('a redacted session contains no conversation text', async () => {
    const gateway = await startTestGateway();
    const redacted = capturedOf('full').filter(({ kind }) => kind !== 'metrics');
    const identity = { jobId: 'AJ_full', redacted: true, simulated: false };
    await gateway.store.apply(emptyBatch(identity), 'a');
    await gateway.take(redacted);
    const timeline = await timelineOf(gateway, 'AJ_full');
    expect(timeline.turns).toHaveLength(7);
    expect(JSON.stringify(timeline)).not.toMatch(/weather like|dragon|Paris/);
  });
});
