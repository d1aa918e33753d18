import { describe, expect, test } from 'vitest';
import { conversationRecords, segmentAttributes } from '../../../src/catalogue/conversation.ts';
import type { ChatItem } from '../../../src/gateway/decode/chat-item.ts';
import { eventRecordsOf } from '../../../src/gateway/forward/conversation-records.ts';
import { isAbandoned, measure } from '../../../src/gateway/metrics/measure.ts';

const items: ChatItem[] = [
  { id: 'i0', type: 'message', role: 'system', text: 'You are a receptionist.', at: 1000 },
  { id: 'i1', type: 'message', role: 'assistant', text: 'Hello!', at: 1001, interrupted: false },
  {
    id: 'i2',
    type: 'message',
    role: 'user',
    text: 'A table, please',
    at: 1003,
    confidence: 0.9,
    metrics: { transcriptionDelay: 0.25, endOfTurnDelay: 0.5 },
  },
  { id: 'i3', type: 'function_call', name: 'book', callId: 'c1', arguments: '{"for":2}', at: 1003.5 },
  {
    id: 'i4',
    type: 'function_call_output',
    name: 'book',
    callId: 'c1',
    output: 'full',
    isError: true,
    at: 1004.75,
  },
  {
    id: 'i5',
    type: 'message',
    role: 'assistant',
    text: 'We are full.',
    at: 1005,
    interrupted: true,
    metrics: { e2eLatency: 2.5, llmTtft: 0.25, ttsTtfb: 0.125 },
  },
  { id: 'i6', type: 'agent_handoff', oldAgent: 'front', newAgent: 'billing', at: 1006 },
  { id: 'i7', type: 'message', role: 'user', text: 'Oh.', at: 1007 },
];
const report = { startedAt: 1000, reportedAt: 1010, options: {}, usage: [], tags: [] };
const of = (event: string) => eventRecordsOf({ items, report }).filter((record) => record.event === event);

test('messages have records with text and latencies; instructions have no records', () => {
  expect(of('lk.conversation_item').map(({ at, body }) => [at, body])).toEqual([
    [1001, 'Hello!'],
    [1003, 'A table, please'],
    [1005, 'We are full.'],
    [1007, 'Oh.'],
  ]);
  expect(of('lk.conversation_item')[1]?.attributes).toEqual({
    'lk.item_id': 'i2',
    'lk.role': 'user',
    'lk.text_length': 15,
    'lk.transcript_confidence': 0.9,
    'lk.transcription_delay': 0.25,
    'lk.end_of_turn_delay': 0.5,
  });
});

test('a redacted message is flagged as redacted, and its length is left out', () => {
  const redacted: ChatItem = { id: 'i1', type: 'message', role: 'user', at: 1001 };
  const [record] = eventRecordsOf({ items: [redacted] });
  expect(record?.body).toBe('user message, without its text');
  expect(record?.attributes).toEqual({ 'lk.item_id': 'i1', 'lk.role': 'user' });
});

test('a completed tool call has a record with its duration', () => {
  expect(of('lk.tool_call')).toEqual([
    {
      event: 'lk.tool_call',
      at: 1004.75,
      severity: 'WARN',
      body: 'book failed',
      attributes: {
        'lk.function_tool.name': 'book',
        'lk.function_tool.id': 'c1',
        'lk.function_tool.is_error': true,
        'lk.duration': 1.25,
        'lk.pii.function_tool.arguments': '{"for":2}',
        'lk.pii.function_tool.output': 'full',
      },
    },
  ]);
});

test('turns, answered or not, have records with their latency segments', () => {
  const [first, second, ...others] = of('lk.turn');
  expect(others).toEqual([]);
  expect(first).toMatchObject({ at: 1005, body: 'turn 1 interrupted' });
  expect(first?.attributes).toMatchObject({
    'lk.turn.number': 1,
    'lk.turn.outcome': 'interrupted',
    'lk.turn.tools': true,
    'lk.turn.tool_seconds': 1.25,
    'lk.e2e_latency': 2.5,
    'lk.segment.transcription': 0.25,
    'lk.segment.endpointing': 0.25,
    'lk.segment.user_hook': 0,
    'lk.segment.llm': 0.25,
    'lk.segment.tools': 1.25,
    'lk.segment.tts': 0.125,
    'lk.segment.unattributed': 0.375,
  });
  expect(second?.attributes).toEqual({
    'lk.turn.number': 2,
    'lk.turn.outcome': 'unanswered',
    'lk.turn.tools': false,
  });
  expect(segmentAttributes.filter((name) => !(name in (first?.attributes ?? {})))).toEqual([]);
});

describe.each(['nodejs', 'python'])('the unanswered last turn of a %s call', (language) => {
  /** The caller spoke for six seconds. Python stamps a user message with the start of the speech, Node.js with the end. */
  const question: ChatItem = {
    id: 'i2',
    type: 'message',
    role: 'user',
    at: language === 'python' ? 1003 : 1009.5,
    metrics: { startedSpeakingAt: 1003, stoppedSpeakingAt: 1009, endOfTurnDelay: 0.5 },
  };
  const [, greeting] = items;
  if (!greeting) throw new Error('no greeting in the conversation');
  const outcomes = (endedAt: number, closeReason: string) => {
    const conversation = {
      items: [greeting, question],
      report: { ...report, reportedAt: endedAt },
      closeReason,
    };
    const conversationWithTimes = {
      ...conversation,
      language,
      spans: [],
      startedAt: 1000,
      endedAt,
      ended: true,
    };
    const turns = eventRecordsOf({ ...conversation, isAbandoned: () => isAbandoned(conversationWithTimes) });
    return {
      recorded: turns
        .filter(({ event }) => event === 'lk.turn')
        .map(({ attributes }) => attributes['lk.turn.outcome']),
      counted: measure(conversationWithTimes)
        .filter(({ metric }) => metric === 'lk_agents_turns_total')
        .map(({ labels }) => labels.outcome),
    };
  };

  test.each([
    ['the caller hung up 4 s after the last words', 1013, 'participant_disconnected', 'abandoned'],
    ['the caller waited for 6 s and hung up', 1015, 'participant_disconnected', 'unanswered'],
    ['the agent ended the call', 1013, 'user_initiated', 'unanswered'],
  ])('%s: its record says what the metrics count', (_, endedAt, closeReason, outcome) => {
    expect(outcomes(endedAt, closeReason)).toEqual({ recorded: [outcome], counted: [outcome] });
  });
});

test('the time of tools that run in parallel counts once', () => {
  const ran = (callId: string, from: number, to: number): ChatItem[] => [
    { id: `${callId}-call`, type: 'function_call', name: 'look', callId, at: from },
    { id: `${callId}-output`, type: 'function_call_output', name: 'look', callId, at: to },
  ];
  const [turn] = eventRecordsOf({
    items: [
      { id: 'i1', type: 'message', role: 'user', at: 10 },
      ...ran('c1', 11, 13),
      ...ran('c2', 11, 13),
      ...ran('c3', 12.5, 13.5),
      // The clock was set back during this call.
      ...ran('c4', 15, 14),
      { id: 'i2', type: 'message', role: 'assistant', at: 16, metrics: { e2eLatency: 6 } },
    ],
  }).filter(({ event }) => event === 'lk.turn');
  expect(turn?.attributes).toMatchObject({ 'lk.turn.tool_seconds': 2.5, 'lk.segment.tools': 2.5 });
});

test('an answer in two messages has the latency of the measured message and the interruption of the last message', () => {
  const message = (role: string, rest: Partial<ChatItem>): ChatItem => ({
    id: `${rest.at}`,
    type: 'message',
    role,
    ...rest,
  });
  const [turn] = eventRecordsOf({
    items: [
      message('user', { at: 1 }),
      message('assistant', { at: 2, metrics: { e2eLatency: 1.5 } }),
      message('assistant', { at: 3, interrupted: true, metrics: { llmTtft: 0.25 } }),
    ],
  }).filter(({ event }) => event === 'lk.turn');
  expect(turn).toMatchObject({ at: 2, body: 'turn 1 interrupted', attributes: { 'lk.e2e_latency': 1.5 } });
});

test('handoffs, session start and session end have records', () => {
  expect(of('lk.handoff')[0]?.attributes).toEqual({ 'lk.old_agent': 'front', 'lk.new_agent': 'billing' });
  expect(of('lk.session_start').map(({ at }) => at)).toEqual([1000]);
  expect(of('lk.session_end')).toEqual([
    {
      event: 'lk.session_end',
      at: 1010,
      severity: 'INFO',
      body: 'session ended: unknown',
      attributes: {
        'lk.close_reason': 'unknown',
        'lk.turns': 2,
        'lk.duration': 10,
        'lk.slowest_turn': 2.5,
        'lk.interruptions': 1,
        'lk.tool_calls': 1,
        'lk.tool_errors': 1,
      },
    },
  ]);
  expect(eventRecordsOf({ items, report, closeReason: 'user_initiated' }).at(-1)?.body).toBe(
    'session ended: user_initiated',
  );
  expect(JSON.stringify(eventRecordsOf({ items, report, closeReason: 'Ms Miller hung up' }))).not.toContain(
    'Miller',
  );
});

test('the report has a record with totals, location and cost', () => {
  const received = { id: 'RM_1', audio: true, closeReason: 'user_initiated' };
  const record = (more: object) =>
    eventRecordsOf({ items, report, ...more }).filter(({ event }) => event === 'lk.session_report');
  const unpriced = [
    { component: 'llm', provider: 'me', model: 'own', unit: 'output_tokens' as const, amount: 7 },
  ];
  const cost = { usd: 0.25, byComponent: { tts: 0.25 }, unpriced };
  expect(record({ ...received, cost })).toEqual([
    {
      event: 'lk.session_report',
      at: 1010,
      severity: 'INFO',
      body: 'session report received',
      attributes: {
        'lk.report.outcome': 'received',
        'lk.report.location': '/api/sessions/RM_1/report',
        'lk.report.session': 'RM_1',
        'lk.close_reason': 'user_initiated',
        'lk.duration': 10,
        'lk.turns': 2,
        'lk.interruptions': 1,
        'lk.tool_calls': 1,
        'lk.tool_errors': 1,
        'lk.handoffs': 1,
        'lk.e2e_latency.p50': 2.5,
        'lk.e2e_latency.p95': 2.5,
        'lk.cost_usd': 0.25,
        'lk.cost_incomplete': true,
        'lk.recordings': 1,
      },
    },
  ]);
  // Unpriced usage has no cost rather than 0, and a free-text reason is not exported.
  const [other] = record({ ...received, closeReason: 'Ms Miller hung up', cost: { ...cost, usd: 0 } });
  expect(other?.attributes).toMatchObject({ 'lk.close_reason': 'other', 'lk.cost_incomplete': true });
  expect(other?.attributes).not.toHaveProperty('lk.cost_usd');
  expect(eventRecordsOf({ items }).map(({ event }) => event)).not.toContain('lk.session_report');
});

test('jobs emit every attribute, too', () => {
  const unknown = eventRecordsOf({ items, report }).flatMap(({ event, attributes }) =>
    Object.keys(attributes).filter(
      (name) => !(conversationRecords[event] as readonly string[]).includes(name),
    ),
  );
  expect(unknown).toEqual([]);
});
