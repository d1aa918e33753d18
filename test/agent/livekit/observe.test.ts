import { EventEmitter } from 'node:events';
import { llm, type voice } from '@livekit/agents';
import { afterEach, beforeEach, describe, expect, type Mock, test, vi } from 'vitest';
import { z } from 'zod';
import { observe } from '../../../src/agent/livekit/observe.ts';
import type { SessionObservation } from '../../../src/agent/livekit/observe-options.ts';
import { sessionEventNames } from '../../../src/agent/livekit/session-listener.ts';
import { sampleOf } from '../worker/exposition.ts';
import { FakeLlm, FakeTts } from './fakes.ts';
import { llmMetrics } from './sdk-metrics.ts';
import { ask, createSession, start } from './sessions.ts';

let warned: Mock;
beforeEach(() => {
  warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** The value of a series on /metrics of this process. */
const shown = async ({ recorder }: SessionObservation, series: string, labels?: Record<string, string>) =>
  sampleOf(await recorder!.expose('text'), series, labels);
const metricsEvent = (given: object = {}) => ({
  type: 'metrics_collected',
  metrics: llmMetrics(given),
  createdAt: 1,
});
/** Emits an event that the SDK's types do not allow. */
const emit = (session: voice.AgentSession, name: string, event: unknown) =>
  (session as EventEmitter).emit(name, event);
const listeners = (session: EventEmitter) =>
  Object.fromEntries(sessionEventNames.map((name) => [name, session.listenerCount(name)]));

describe('an observed session', () => {
  test('is exposed in the registry of its process', async () => {
    const session = createSession();
    const observation = observe(session, undefined, { agentName: 'front-desk', agentVersion: '1.4' });
    await start(session);
    await ask(session, 'hello');
    await ask(session, 'hello again');
    const about = { agent_name: 'front-desk', agent_version: '1.4' };
    expect(await shown(observation, 'lk_agents_sessions_active', about)).toBe(1);
    await session.close();
    expect(await shown(observation, 'lk_agents_sessions_active', about)).toBe(0);
    expect(await shown(observation, 'lk_agents_turns_total', { ...about, outcome: 'completed' })).toBe(2);
    expect(await shown(observation, 'lk_agents_session_turns_sum', about)).toBe(2);
    expect(
      await shown(observation, 'lk_agents_llm_requests_total', { model_name: 'llm-1', outcome: 'ok' }),
    ).toBe(2);
    expect(
      await shown(observation, 'lk_agents_tts_requests_total', { model_name: 'tts-1', outcome: 'ok' }),
    ).toBe(2);
    expect(await shown(observation, 'lk_agents_usage_llm_input_tokens_total')).toBe(200);
    expect(await shown(observation, 'lk_agents_usage_tts_characters_total')).toBe(26);
    expect(await shown(observation, 'lk_agents_sessions_total', { close_reason: 'user_initiated' })).toBe(1);
    expect(await shown(observation, 'talkgauge_samples_dropped_total')).toBe(0);
  });

  test('has the same usage as in the SDK', async () => {
    const session = createSession();
    const observation = observe(session);
    await start(session);
    for (const text of ['one', 'two', 'three']) await ask(session, text);
    await session.close();
    const usage = session.usage.modelUsage as { inputTokens?: number; charactersCount?: number }[];
    const sum = (field: 'inputTokens' | 'charactersCount') =>
      usage.reduce((total, one) => total + (one[field] ?? 0), 0);
    expect(await shown(observation, 'lk_agents_usage_llm_input_tokens_total')).toBe(sum('inputTokens'));
    expect(await shown(observation, 'lk_agents_usage_tts_characters_total')).toBe(sum('charactersCount'));
  });

  test('is counted once when it is observed twice', async () => {
    const session = createSession();
    const observation = observe(session);
    expect(observe(session)).toBe(observation);
    await start(session);
    await ask(session, 'hello');
    expect(await shown(observation, 'lk_agents_llm_requests_total')).toBe(1);
    expect(await shown(observation, 'lk_agents_sessions_active')).toBe(1);
  });

  test('has the agent name of its job unless one is given', async () => {
    const ctx = { job: { id: 'job', agentName: 'support' }, addShutdownCallback: vi.fn() };
    const observation = observe(createSession(), ctx as never);
    expect(await shown(observation, 'lk_agents_sessions_active', { agent_name: 'support' })).toBe(0);
    const named = observe(createSession(), ctx as never, { agentName: 'sales' });
    expect(named.recorder).toBe(observation.recorder);
    expect(await shown(named, 'lk_agents_sessions_active', { agent_name: 'sales' })).toBe(0);
  });

  test('is flushed before the job ends', async () => {
    const callbacks: (() => Promise<void>)[] = [];
    const ctx = {
      job: { id: 'job' },
      addShutdownCallback: (callback: () => Promise<void>) => callbacks.push(callback),
    };
    observe(createSession(), ctx as never);
    expect(callbacks).toHaveLength(1);
    await expect(callbacks[0]!()).resolves.toBeUndefined();
  });

  test('counts a speech interrupted before its playback', async () => {
    const session = createSession({ llm: new FakeLlm({ delay: 300 }) });
    const observation = observe(session);
    await start(session);
    const speech = session.generateReply({ userInput: 'hello' });
    await vi.waitFor(() => expect(session.agentState).toBe('thinking'));
    speech.interrupt();
    await speech.waitForPlayout();
    await session.close();
    expect(await shown(observation, 'lk_agents_speech_interrupted_total')).toBe(1);
    expect(await shown(observation, 'lk_agents_turns_total', { outcome: 'interrupted' })).toBe(1);
    expect(await shown(observation, 'lk_agents_llm_requests_total', { outcome: 'cancelled' })).toBe(1);
  });

  test('counts its tools and their turn', async () => {
    const session = createSession({ llm: new FakeLlm({ tool: 'book' }) });
    const observation = observe(session);
    const execute = async () => 'done';
    const parameters = z.object({});
    await start(session, [llm.tool({ name: 'book', description: 'Books.', parameters, execute })]);
    await ask(session, 'book');
    await session.close();
    expect(await shown(observation, 'lk_agents_tool_calls_total', { tool: 'book', outcome: 'ok' })).toBe(1);
    expect(await shown(observation, 'lk_agents_tool_duration_seconds_count', { tool: 'book' })).toBe(1);
    expect(await shown(observation, 'lk_agents_turns_total', { outcome: 'completed', tools: 'yes' })).toBe(1);
    expect(await shown(observation, 'lk_agents_llm_requests_total', { outcome: 'ok' })).toBe(2);
    expect(await shown(observation, 'lk_agents_turn_segment_seconds_total')).toBe(0);
  });

  test('bills a non-streaming TTS by sentence', async () => {
    const text = 'Good morning to you. How can I help you today?';
    const session = createSession({ llm: new FakeLlm({ text }), tts: new FakeTts({ streaming: false }) });
    const observation = observe(session);
    await start(session);
    await ask(session, 'hello');
    await session.close();
    expect(await shown(observation, 'lk_agents_usage_tts_characters_total')).toBe(45);
    expect(await shown(observation, 'lk_agents_tts_requests_total', { streamed: 'false' })).toBe(2);
    expect(await shown(observation, 'lk_agents_tts_requests_total', { streamed: 'true' })).toBe(0);
    expect(await shown(observation, 'talkgauge_duplicate_events_total', { type: 'tts_metrics' })).toBe(1);
  });

  test('is counted as another session when it is started again after its close', async () => {
    const session = createSession();
    const observation = observe(session);
    for (let i = 0; i < 2; i++) {
      await start(session);
      session.output.audio = null;
      await ask(session, 'hello');
      await session.close();
    }
    expect(await shown(observation, 'lk_agents_sessions_total')).toBe(2);
    expect(await shown(observation, 'lk_agents_session_turns_count')).toBe(2);
    expect(await shown(observation, 'lk_agents_turns_total')).toBe(2);
    expect(await shown(observation, 'lk_agents_sessions_active')).toBe(0);
  });

  test('that already runs is active in its current state', async () => {
    const session = createSession();
    await start(session);
    const observation = observe(session);
    expect(await shown(observation, 'lk_agents_sessions_active')).toBe(1);
    await ask(session, 'hello');
    await session.close();
    expect(await shown(observation, 'lk_agents_sessions_active')).toBe(0);
    expect(await shown(observation, 'lk_agents_llm_requests_total')).toBe(1);
    expect(await shown(observation, 'lk_agents_agent_state_seconds_total', { state: 'initializing' })).toBe(
      0,
    );
    expect(await shown(observation, 'lk_agents_first_response_seconds_count')).toBeUndefined();
  });

  test('updates the time in continuing states every ten seconds', async () => {
    vi.useFakeTimers();
    try {
      const session = new EventEmitter() as voice.AgentSession;
      Object.assign(session, { agentState: 'initializing', userState: 'listening' });
      const observation = observe(session);
      emit(session, 'agent_state_changed', { newState: 'listening', createdAt: Date.now() });
      vi.advanceTimersByTime(25_000);
      expect(await shown(observation, 'lk_agents_agent_state_seconds_total', { state: 'listening' })).toBe(
        20,
      );
      observation.close();
      expect(await shown(observation, 'lk_agents_agent_state_seconds_total', { state: 'listening' })).toBe(
        25,
      );
      vi.advanceTimersByTime(60_000);
      expect(await shown(observation, 'lk_agents_agent_state_seconds_total', { state: 'listening' })).toBe(
        25,
      );
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('the end of an observation', () => {
  test('removes every listener', () => {
    const session = createSession();
    const before = listeners(session);
    const observation = observe(session);
    expect(Object.values(listeners(session))).toEqual(Object.values(before).map((count) => count + 1));
    observation.close();
    expect(listeners(session)).toEqual(before);
    observation.close();
    expect(listeners(session)).toEqual(before);
  });

  test('keeps the samples, and the session is no longer active', async () => {
    const session = createSession();
    const observation = observe(session);
    await start(session);
    await ask(session, 'hello');
    observation.close();
    await ask(session, 'hello again');
    await session.close();
    expect(await shown(observation, 'lk_agents_llm_requests_total')).toBe(1);
    expect(await shown(observation, 'lk_agents_sessions_active')).toBe(0);
    expect(await shown(observation, 'lk_agents_sessions_total')).toBe(0);
  });

  test('does not end the session, which can be observed again', async () => {
    const session = createSession();
    observe(session).close();
    const again = observe(session);
    await start(session);
    await ask(session, 'hello');
    expect(await shown(again, 'lk_agents_llm_requests_total')).toBe(1);
  });
});

describe('an error', () => {
  const throws = (thrown: unknown) =>
    new Proxy(
      {},
      {
        get: () => {
          throw thrown;
        },
      },
    );
  /** A session that throws when the fourth listener is added. */
  const refusing = () => {
    const session = new EventEmitter();
    const on = session.on.bind(session);
    let left = 3;
    session.on = (...args) => {
      if (left-- === 0) throw new Error('no more');
      return on(...args);
    };
    return Object.assign(session, { agentState: 'initializing', userState: 'listening' });
  };

  test.each<[string, unknown, unknown?, unknown?]>([
    ['no session', undefined],
    ['null', null],
    ['an object that is not a session', {}],
    ['a number', 5],
    ['a frozen session', Object.freeze(Object.assign(new EventEmitter(), { agentState: 'initializing' }))],
    ['a session that throws', throws(new Error('no'))],
    ['a session that throws undefined', throws(undefined)],
    ['a session that throws an object without text', throws(Object.create(null))],
    ['a session that refuses listeners', refusing()],
    ['a context that throws', new EventEmitter(), throws(new Error('no'))],
    [
      'a context that takes no callbacks',
      new EventEmitter(),
      {
        addShutdownCallback: () => {
          throw new Error('no');
        },
      },
    ],
    ['an invalid option', new EventEmitter(), undefined, { agentName: 5 }],
    ['options that throw', new EventEmitter(), undefined, throws(new Error('no'))],
  ])('with %s is reported and not thrown', (_, session, ctx, options) => {
    const observation = observe(session as never, ctx as never, options as never);
    expect(observation.recorder).toBeUndefined();
    expect(warned.mock.calls).toEqual([[expect.stringMatching(/^talkgauge: the session is not observed: /)]]);
    expect(() => observation.close()).not.toThrow();
    if (session instanceof EventEmitter) expect(session.eventNames()).toEqual([]);
  });

  test('names the invalid option', () => {
    observe(createSession(), undefined, { recordTranscripts: 'perhaps' as never });
    expect(warned.mock.calls[0]![0]).toBe(
      'talkgauge: the session is not observed: recordTranscripts="perhaps" cannot be used: give true or false, or leave it out.',
    );
  });

  test('null options are ignored', () => {
    expect(observe(createSession(), undefined, null as never).recorder).toBeDefined();
  });

  test('in an event is counted, and the session continues', async () => {
    const session = createSession();
    const observation = observe(session);
    await start(session);
    for (const rubbish of [undefined, null, 5, {}, { metrics: null }, throws(new Error('no'))]) {
      emit(session, 'metrics_collected', rubbish);
    }
    emit(session, 'speech_created', {});
    emit(session, 'conversation_item_added', { item: null });
    expect(await shown(observation, 'talkgauge_samples_dropped_total', { reason: 'internal_error' })).toBe(8);
    await ask(session, 'hello');
    expect(await shown(observation, 'lk_agents_turns_total', { outcome: 'completed' })).toBe(1);
  });

  test('in the sink does not reach the session', async () => {
    const session = createSession();
    const { recorder } = observe(session);
    vi.spyOn(recorder!, 'record').mockImplementation(() => {
      throw new Error('no');
    });
    expect(() => emit(session, 'metrics_collected', metricsEvent())).not.toThrow();
  });

  test('event of a session without other listeners does not throw', async () => {
    const session = createSession({ llm: new FakeLlm({ fails: 1 }) });
    const observation = observe(session);
    await start(session);
    await ask(session, 'hello');
    expect(
      await shown(observation, 'lk_agents_errors_total', { component: 'llm', recoverable: 'false' }),
    ).toBe(1);
    expect(await shown(observation, 'lk_agents_llm_requests_total', { outcome: 'error' })).toBe(1);
  });

  test('in the event log does not affect metrics', async () => {
    const session = createSession();
    const observation = observe(session, undefined, { recordTo: '/dev/null/recording.jsonl' });
    expect(warned.mock.calls[0]![0]).toMatch(
      /^talkgauge: the session is observed, but its events are not logged: recordTo: E(EXIST|NOTDIR)/,
    );
    emit(session, 'metrics_collected', metricsEvent());
    expect(await shown(observation, 'lk_agents_llm_requests_total')).toBe(1);
  });
});

test('in the report does not affect the metrics of the session', async () => {
  vi.stubEnv('TALKGAUGE_REPORTS', 's3://calls/reports');
  vi.stubEnv('AWS_ACCESS_KEY_ID', '');
  const session = createSession();
  const observation = observe(session);
  vi.unstubAllEnvs();
  expect(warned.mock.calls).toEqual([
    [
      "talkgauge: there is no report of the session: Reports to s3://calls/reports take the bucket's keys: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
    ],
  ]);
  await start(session);
  await ask(session, 'hello');
  await session.close();
  expect(await shown(observation, 'lk_agents_turns_total', { outcome: 'completed' })).toBe(1);
});
