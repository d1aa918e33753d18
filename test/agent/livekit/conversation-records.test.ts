import { llm } from '@livekit/agents';
import { beforeEach, describe, expect, test } from 'vitest';
import { ConversationRecords } from '../../../src/agent/livekit/conversation-records.ts';
import type { LogItem } from '../../../src/agent/telemetry/log-pipeline.ts';
import { start } from './call.ts';

let items: LogItem[];
let records: ConversationRecords;
const create = ({ transcript = false, logs = true } = {}) => {
  items = [];
  records = new ConversationRecords({ emit: (item) => items.push(item), transcript: () => transcript, logs });
};
beforeEach(() => create());

const begin = () =>
  records.event('agent_state_changed', {
    type: 'agent_state_changed',
    oldState: 'initializing',
    newState: 'listening',
    createdAt: start,
  });
const message = (role: 'user' | 'assistant', text: string, metrics = {}) => {
  const item = new llm.ChatMessage({ role, content: text, createdAt: start + 500 });
  item.metrics = metrics;
  records.event('conversation_item_added', {
    type: 'conversation_item_added',
    item,
    createdAt: start + 500,
  });
};
const tool = (isError: boolean) => {
  const call = new llm.FunctionCall({
    callId: 'c1',
    name: 'book',
    args: '{"name":"Miller"}',
    createdAt: start,
  });
  const output = new llm.FunctionCallOutput({
    callId: 'c1',
    name: 'book',
    output: 'booked for Miller',
    isError,
    createdAt: start + 1250,
  });
  records.event('function_tools_executed', {
    type: 'function_tools_executed',
    functionCalls: [call],
    functionCallOutputs: [output],
    createdAt: start + 1300,
  } as never);
};
const close = (error?: unknown) =>
  records.event('close', {
    type: 'close',
    reason: error ? 'error' : 'user_initiated',
    error,
    createdAt: start + 60_000,
  } as never);
const only = () => {
  expect(items.length).toBe(1);
  return items[0] as LogItem;
};

test('a session is reported once at its start and once at its end, in seconds', () => {
  begin();
  begin();
  close();
  close();
  expect(items.map(({ event, body }) => [event, body])).toEqual([
    ['lk.session_start', 'session started'],
    ['lk.session_end', 'session ended: user_initiated'],
  ]);
  expect(items[1]?.attributes).toEqual({
    'event.name': 'lk.session_end',
    'lk.close_reason': 'user_initiated',
    'lk.turns': 0,
    'lk.duration': 60,
    'lk.interruptions': 0,
    'lk.tool_calls': 0,
    'lk.tool_errors': 0,
    'lk.errors': 0,
  });
});

test('a user-defined close reason is not reported, because it may contain content', () => {
  begin();
  records.event('close', { type: 'close', reason: 'Ms Miller hung up', createdAt: start + 60_000 } as never);
  expect(items[1]).toMatchObject({
    body: 'session ended: other',
    attributes: { 'lk.close_reason': 'other' },
  });
  expect(JSON.stringify(items)).not.toContain('Miller');
});

test('an end with an error is reported as an error', () => {
  begin();
  close({ type: 'llm_error' });
  expect(items[1]).toMatchObject({ severity: 'ERROR', attributes: { 'lk.error.type': 'llm_error' } });
});

describe('a message', () => {
  test('is reported with its length and metrics, without its text', () => {
    message('assistant', 'Good morning', { e2eLatency: 0.75, llmNodeTtft: 0.25, startedSpeakingAt: 1 });
    expect(only()).toMatchObject({
      event: 'lk.conversation_item',
      at: start + 500,
      severity: 'INFO',
      body: 'assistant message, 12 characters',
      attributes: {
        'lk.role': 'assistant',
        'lk.interrupted': false,
        'lk.text_length': 12,
        'lk.e2e_latency': 0.75,
        'lk.response.ttft': 0.25,
      },
    });
    expect(Object.keys(only().attributes)).not.toContain('lk.transcription_delay');
  });

  test('includes its text with the transcript switched on, also without logs', () => {
    create({ transcript: true, logs: false });
    message('user', 'Good morning');
    expect(only().body).toBe('Good morning');
  });
});

describe('a tool call', () => {
  test.each([
    [false, 'INFO', 'book answered'],
    [true, 'WARN', 'book failed'],
  ])('that fails: %s', (failed, severity, body) => {
    tool(failed);
    expect(only()).toMatchObject({ event: 'lk.tool_call', severity, body });
    expect(only().attributes).toEqual({
      'event.name': 'lk.tool_call',
      'lk.function_tool.name': 'book',
      'lk.function_tool.id': 'c1',
      'lk.function_tool.is_error': failed,
      'lk.duration': 1.25,
    });
  });

  test('includes arguments and output with the transcript switched on', () => {
    create({ transcript: true });
    tool(false);
    expect(only().attributes).toMatchObject({
      'lk.pii.function_tool.arguments': '{"name":"Miller"}',
      'lk.pii.function_tool.output': 'booked for Miller',
    });
  });
});

test('a turn is reported with the metrics of both messages', () => {
  records.turn({
    outcome: 'completed',
    tools: true,
    toolSeconds: 1.5,
    user: { transcriptionDelay: 0.25, endOfTurnDelay: 0.5 },
    reply: { e2eLatency: 2.5 },
    segments: {
      transcription: 0.25,
      endpointing: 0.25,
      user_hook: 0,
      llm: 0.5,
      tools: 1.25,
      tts: 0.125,
      unattributed: 0.125,
    },
  });
  expect(only()).toMatchObject({ event: 'lk.turn', body: 'turn 1 completed' });
  expect(only().attributes).toEqual({
    'event.name': 'lk.turn',
    'lk.turn.number': 1,
    'lk.turn.outcome': 'completed',
    'lk.turn.tools': true,
    'lk.turn.tool_seconds': 1.5,
    'lk.transcription_delay': 0.25,
    'lk.end_of_turn_delay': 0.5,
    'lk.e2e_latency': 2.5,
    'lk.segment.transcription': 0.25,
    'lk.segment.endpointing': 0.25,
    'lk.segment.user_hook': 0,
    'lk.segment.llm': 0.5,
    'lk.segment.tools': 1.25,
    'lk.segment.tts': 0.125,
    'lk.segment.unattributed': 0.125,
  });
});

test('the end of a session summarises its slowest turn, interruptions, tools and errors, and the next session starts at 0', () => {
  begin();
  const turn = { tools: false, toolSeconds: 0, user: {}, segments: undefined };
  records.turn({ ...turn, outcome: 'completed', reply: { e2eLatency: 1.25 } });
  records.turn({ ...turn, outcome: 'interrupted', reply: { e2eLatency: 2.5 } });
  // A latency of an hour is implausible and comes from a wrong clock.
  records.turn({ ...turn, outcome: 'completed', reply: { e2eLatency: 3600 } });
  tool(false);
  tool(true);
  close();
  expect(items.at(-1)?.attributes).toMatchObject({
    'lk.turns': 3,
    'lk.slowest_turn': 2.5,
    'lk.interruptions': 1,
    'lk.tool_calls': 2,
    'lk.tool_errors': 1,
    'lk.errors': 0,
  });
  begin();
  close();
  const { attributes } = items.at(-1) as LogItem;
  expect(attributes).toMatchObject({
    'lk.turns': 0,
    'lk.interruptions': 0,
    'lk.tool_calls': 0,
    'lk.tool_errors': 0,
  });
  expect(attributes).not.toHaveProperty('lk.slowest_turn');
});

test('turns are counted in the end record of the session', () => {
  begin();
  const turn = {
    outcome: 'completed',
    tools: false,
    toolSeconds: 0,
    user: {},
    reply: undefined,
    segments: undefined,
  } as const;
  records.turn(turn);
  records.turn(turn);
  close();
  expect(items.at(-1)?.attributes['lk.turns']).toBe(2);
});

test('an error is reported with its type and model and without its message', () => {
  records.event('error', {
    type: 'error',
    error: {
      type: 'llm_error',
      label: 'openai.LLM',
      recoverable: false,
      error: new Error('Miller'),
      timestamp: start,
    },
    source: { provider: 'openai', model: 'gpt-4o' },
    createdAt: start,
  } as never);
  expect(only()).toMatchObject({ severity: 'ERROR', body: 'llm_error of openai.LLM' });
  expect(JSON.stringify(only())).not.toContain('Miller');
  expect(only().attributes).toMatchObject({ 'lk.model_provider': 'openai', 'lk.model_name': 'gpt-4o' });
});

test('interruptions, false interruptions and missing transcripts are reported; completed speech is not', () => {
  const speech = (interrupted: boolean) =>
    records.event('speech_done', {
      type: 'speech_done',
      speechHandle: { id: 's1', interrupted },
      createdAt: start,
    });
  speech(false);
  speech(true);
  records.event('agent_false_interruption', {
    type: 'agent_false_interruption',
    resumed: true,
    createdAt: start,
  } as never);
  records.event('user_transcription_timeout', {
    type: 'user_transcription_timeout',
    createdAt: start,
  } as never);
  expect(items.map(({ event, severity }) => [event, severity])).toEqual([
    ['lk.interruption', 'INFO'],
    ['lk.false_interruption', 'INFO'],
    ['lk.transcription_timeout', 'WARN'],
  ]);
});

test('a handoff is reported; the first agent is not a handoff', () => {
  const handoff = (oldAgentId?: string) =>
    records.event('conversation_item_added', {
      type: 'conversation_item_added',
      item: new llm.AgentHandoffItem({ oldAgentId, newAgentId: 'billing' }),
      createdAt: start,
    });
  handoff();
  handoff('front-desk');
  expect(only().attributes).toMatchObject({ 'lk.old_agent': 'front-desk', 'lk.new_agent': 'billing' });
});

test('nothing is reported with neither logs nor transcript', () => {
  create({ logs: false });
  begin();
  message('user', 'Good morning');
  tool(false);
  records.turn({
    outcome: 'completed',
    tools: false,
    toolSeconds: 0,
    user: {},
    reply: undefined,
    segments: undefined,
  });
  close();
  expect(items).toEqual([]);
});
