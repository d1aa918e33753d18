import { llm as llmOfSdk } from '@livekit/agents';
import { describe, expect, test } from 'vitest';
import { Samples } from '../../src/session/samples.ts';
import { type TurnSummary, Turns } from '../../src/session/turns.ts';
import { Call, start } from '../agent/livekit/call.ts';
import { llmMetrics, realtimeMetrics, ttsMetrics } from '../agent/livekit/sdk-metrics.ts';

/** The counted turns, as `outcome` or `outcome with tools`. */
function turnsOf(call: Call): string[] {
  return call.observations
    .filter(({ metric }) => metric === 'lk_agents_turns_total')
    .map(({ labels }) => `${labels.outcome}${labels.tools === 'yes' ? ' with tools' : ''}`);
}

const segment = (call: Call, name: string) =>
  call.total('lk_agents_turn_segment_seconds_total', { segment: name });
const llm = (speechId: string, given: object = {}) => llmMetrics({ speechId, requestId: speechId, ...given });

/** Metrics of a user message in a pipeline; in seconds since the call began. */
const userMetrics = (startedSpeakingAt: number, stoppedSpeakingAt: number, given: object = {}) => ({
  metrics: { startedSpeakingAt, stoppedSpeakingAt, onUserTurnCompletedDelay: 0, ...given },
});
const agentMetrics = (startedSpeakingAt: number, given: object = {}) => ({
  metrics: { startedSpeakingAt, llmNodeTtft: 0.5, ttsNodeTtfb: 0.125, ...given },
});
/** A call in which the agent listens after its greeting. */
const callWithGreeting = () =>
  new Call()
    .agent('listening', 0)
    .agent('speaking', 100)
    .replies({ metrics: { startedSpeakingAt: 0.1, ttsNodeTtfb: 0.1 } }, 900)
    .agent('listening', 1000);
/** The caller has finished a question, and the agent begins to respond; times are in seconds. */
const askQuestion = (call: Call, from: number, to: number) =>
  call
    .user('speaking', from * 1000)
    .user('listening', to * 1000)
    .says(userMetrics(from, to), to * 1000 + 300)
    .agent('thinking', to * 1000 + 301);

const runTools = (call: Call, from: number, to: number) =>
  call.emit(
    'function_tools_executed',
    {
      functionCalls: [{ name: 'book', createdAt: start + from }],
      functionCallOutputs: [{ isError: false, createdAt: start + to }],
    },
    to,
  );

describe('a turn of a pipeline', () => {
  test('with a full response is completed when the agent listens again', () => {
    const call = askQuestion(callWithGreeting(), 2, 3).agent('speaking', 4000).replies(agentMetrics(4), 6000);
    expect(turnsOf(call)).toEqual([]);
    expect(turnsOf(call.agent('listening', 6001))).toEqual(['completed']);
  });

  test('with tools is completed once, although the agent spoke before and after them', () => {
    const call = askQuestion(callWithGreeting(), 2, 3)
      .agent('speaking', 4000)
      .replies(agentMetrics(4), 5000)
      .agent('thinking', 5001);
    runTools(call, 5000, 7000)
      .agent('speaking', 8000)
      .replies(agentMetrics(8), 9000)
      .agent('listening', 9001);
    expect(turnsOf(call)).toEqual(['completed with tools']);
  });

  test('with an interrupted response is interrupted', () => {
    const call = askQuestion(callWithGreeting(), 2, 3)
      .agent('speaking', 4000)
      .replies({ ...agentMetrics(4), interrupted: true }, 5000);
    expect(turnsOf(call.agent('listening', 5001))).toEqual(['interrupted']);
  });

  test('is interrupted when its interrupted response is reported after the next question, and the next turn is not', () => {
    const call = askQuestion(callWithGreeting(), 2, 3).agent('speaking', 4000).agent('listening', 5000);
    askQuestion(call, 4.8, 6).replies({ ...agentMetrics(4), interrupted: true }, 6500);
    expect(turnsOf(call)).toEqual(['interrupted']);
    call.agent('speaking', 7000).replies(agentMetrics(7), 8000).agent('listening', 8001);
    expect(turnsOf(call)).toEqual(['interrupted', 'completed']);
  });

  test('is counted when the caller began to speak before the response that they interrupt', () => {
    const call = askQuestion(callWithGreeting(), 2, 3)
      .agent('speaking', 4000)
      .replies({ ...agentMetrics(4), interrupted: true }, 5000);
    askQuestion(call, 3.9, 5.5)
      .agent('speaking', 6000)
      .replies(agentMetrics(6), 7000)
      .agent('listening', 7001);
    expect(turnsOf(call)).toEqual(['interrupted', 'completed']);
  });

  test('interrupted before the first token is interrupted', () => {
    const call = askQuestion(callWithGreeting(), 2, 3)
      .metrics(llm('a', { cancelled: true, ttftMs: -1 }), 4000)
      .agent('listening', 4001);
    askQuestion(call, 3.5, 5)
      .metrics(llm('b'), 5900)
      .agent('speaking', 6000)
      .replies(agentMetrics(6), 7000)
      .agent('listening', 7001);
    expect(turnsOf(call)).toEqual(['interrupted', 'completed']);
  });

  test('with a speech interrupted while the agent is thinking is interrupted, without an LLM event', () => {
    const call = callWithGreeting().emit('speech_created', { speechHandle: { id: 'a' } }, 3200);
    askQuestion(call, 2, 3).emit('speech_done', { speechHandle: { id: 'a', interrupted: true } }, 3500);
    expect(turnsOf(call.agent('listening', 3501).close('user_initiated', 4000))).toEqual(['interrupted']);
  });

  test('is not interrupted by the end of the previous speech', () => {
    const call = callWithGreeting().emit('speech_created', { speechHandle: { id: 'a' } }, 1800);
    call.emit('speech_created', { speechHandle: { id: 'b' } }, 3200);
    askQuestion(call, 2, 3).emit('speech_done', { speechHandle: { id: 'a', interrupted: true } }, 3500);
    expect(turnsOf(call.close('user_initiated', 4000))).toEqual(['unanswered']);
  });

  test('in a session that closes on an error is unanswered, including cancelled requests', () => {
    const call = callWithGreeting().emit('speech_created', { speechHandle: { id: 'a' } }, 3200);
    const error = { type: 'llm_error', label: 'acme.LLM', recoverable: false, timestamp: start + 3500 };
    askQuestion(call, 2, 3).emit('error', { error }, 3500);
    call.metrics(llm('a', { cancelled: true, ttftMs: -1 }), 3501);
    call.emit('speech_done', { speechHandle: { id: 'a', interrupted: true } }, 3502);
    expect(turnsOf(call.close('error', 4000))).toEqual(['unanswered']);
  });

  test('is not interrupted by a discarded preemptive generation', () => {
    const call = askQuestion(callWithGreeting(), 2, 3)
      .metrics(llm('preemptive', { cancelled: true, ttftMs: -1 }), 3350)
      .metrics(llm('a'), 4000)
      .agent('speaking', 4100)
      .replies(agentMetrics(4.1), 5000)
      .agent('listening', 5001);
    expect(turnsOf(call)).toEqual(['completed']);
  });

  test('behind a fallback adapter is interrupted, although its child completes the response', () => {
    const cancelled = llm('a', { cancelled: true, ttftMs: -1, label: 'FallbackAdapter' });
    const call = askQuestion(callWithGreeting(), 2, 3)
      .metrics(cancelled, 3500)
      .metrics(llm('a'), 4000)
      .agent('listening', 4001);
    expect(turnsOf(askQuestion(call, 5, 6))).toEqual(['interrupted']);
  });

  test('with a false interruption that pauses the agent is completed', () => {
    const call = askQuestion(callWithGreeting(), 2, 3)
      .agent('speaking', 4000)
      .user('speaking', 5000)
      .agent('listening', 5200)
      .user('listening', 5600)
      .emit('user_transcription_timeout', {}, 6000)
      .agent('speaking', 6200)
      .emit('agent_false_interruption', { resumed: true }, 6200)
      .replies(agentMetrics(4), 9000)
      .agent('listening', 9001);
    expect(turnsOf(call)).toEqual(['completed']);
    expect(call.values('lk_agents_false_interruptions_total', { resumed: 'true' })).toEqual([1]);
  });

  test('with a message directly followed by another one is unanswered', () => {
    const call = askQuestion(callWithGreeting(), 2, 3);
    askQuestion(call, 3.2, 4).agent('speaking', 5000).replies(agentMetrics(5), 6000).agent('listening', 6001);
    expect(turnsOf(call)).toEqual(['unanswered', 'completed']);
  });

  test('with an unrecoverable LLM failure is unanswered', () => {
    const call = askQuestion(callWithGreeting(), 2, 3).agent('listening', 4000);
    expect(turnsOf(askQuestion(call, 5, 6))).toEqual(['unanswered']);
  });

  test('with a TTS failure is unanswered, although the text is in the history', () => {
    const call = askQuestion(callWithGreeting(), 2, 3).replies(
      { text: 'never heard', metrics: { llmNodeTtft: 0.5 } },
      4000,
    );
    expect(turnsOf(call.agent('listening', 4001).close('error', 4100))).toEqual(['unanswered']);
  });

  test('from a typed message is counted and has no latency', () => {
    const call = callWithGreeting()
      .says({ text: 'typed' }, 2000)
      .agent('speaking', 3000)
      .replies(agentMetrics(3), 4000);
    expect(turnsOf(call.agent('listening', 4001))).toEqual(['completed']);
    expect(call.values('lk_agents_turn_e2e_latency_seconds')).toEqual([]);
  });

  test('in an event log without metrics is counted', () => {
    const call = callWithGreeting().says({}, 2000).replies({}, 4000).agent('listening', 4001);
    expect(turnsOf(call)).toEqual(['completed']);
  });
});

describe('no turn is counted for', () => {
  test('a greeting', () => expect(turnsOf(callWithGreeting().close('user_initiated', 2000))).toEqual([]));

  test('a greeting with a cough over it', () => {
    const call = new Call()
      .agent('speaking', 0)
      .user('speaking', 500)
      .user('listening', 900)
      .replies({ metrics: { startedSpeakingAt: 0 } }, 2000)
      .agent('listening', 2001);
    expect(turnsOf(call)).toEqual([]);
  });

  test('agent-initiated speech after a noise', () => {
    const call = callWithGreeting()
      .user('speaking', 2000)
      .user('listening', 2400)
      .emit('user_transcription_timeout', {}, 3000);
    call.agent('speaking', 9000).replies({ metrics: { startedSpeakingAt: 9, ttsNodeTtfb: 0.1 } }, 10_000);
    expect(turnsOf(call.agent('listening', 10_001))).toEqual([]);
  });

  test('a system message', () => {
    const item = { type: 'message', role: 'system', content: ['be kind'] };
    expect(
      callWithGreeting().emit('conversation_item_added', { item }, 2000).values('lk_agents_turns_total'),
    ).toEqual([]);
  });
});

describe('at the close of a session', () => {
  test.each([
    ['while the agent thinks', (call: Call) => call, ['unanswered']],
    ['while the agent speaks', (call: Call) => call.agent('speaking', 4000), ['interrupted']],
    [
      'after the response',
      (call: Call) => call.agent('speaking', 4000).replies(agentMetrics(4), 5000),
      ['completed'],
    ],
  ])('%s, the turn is counted', (_, since, expected) => {
    const call = since(askQuestion(callWithGreeting(), 2, 3)).close('participant_disconnected', 8000);
    expect(turnsOf(call)).toEqual(expected);
    expect(call.values('lk_agents_session_turns')).toEqual([1]);
  });

  test.each([
    ['hangs up right after speaking', 'participant_disconnected', 4000, ['abandoned']],
    ['hangs up 4.999 s after speaking', 'participant_disconnected', 7999, ['abandoned']],
    ['waits for 5 s before hanging up', 'participant_disconnected', 8000, ['unanswered']],
    ['is disconnected by an error', 'error', 4000, ['unanswered']],
    ['is disconnected by the agent', 'user_initiated', 4000, ['unanswered']],
  ])('the turn of a caller who %s has the expected outcome', (_, reason, at, expected) => {
    const call = askQuestion(callWithGreeting(), 2, 3).close(reason, at);
    expect(turnsOf(call)).toEqual(expected);
    expect(call.values('lk_agents_session_turns')).toEqual([1]);
  });

  test('hanging up while the response is generated is not an interruption', () => {
    const call = callWithGreeting().emit('speech_created', { speechHandle: { id: 'a' } }, 3200);
    askQuestion(call, 2, 3).emit('speech_done', { speechHandle: { id: 'a', interrupted: true } }, 3500);
    expect(turnsOf(call.close('participant_disconnected', 3600))).toEqual(['abandoned']);
  });

  test('a turn is unanswered when the caller hangs up after an unrecoverable model failure', () => {
    const error = { type: 'llm_error', label: 'acme.LLM', recoverable: false, timestamp: start + 3500 };
    const call = askQuestion(callWithGreeting(), 2, 3).emit('error', { error }, 3500);
    expect(turnsOf(call.close('participant_disconnected', 4000))).toEqual(['unanswered']);
  });

  test('hanging up while the agent speaks or after its response is not abandonment', () => {
    const speaking = askQuestion(callWithGreeting(), 2, 3).agent('speaking', 4000);
    expect(turnsOf(speaking.close('participant_disconnected', 4500))).toEqual(['interrupted']);
    const answered = askQuestion(callWithGreeting(), 2, 3)
      .agent('speaking', 4000)
      .replies(agentMetrics(4), 4500);
    expect(turnsOf(answered.close('participant_disconnected', 4600))).toEqual(['completed']);
  });

  test('a typed message is timed from its arrival', () => {
    const typed = () => callWithGreeting().says({ metrics: {} }, 3000);
    expect(turnsOf(typed().close('participant_disconnected', 7000))).toEqual(['abandoned']);
    expect(turnsOf(typed().close('participant_disconnected', 9000))).toEqual(['unanswered']);
  });

  test('the turns per session are observed', () => {
    const call = callWithGreeting();
    for (let i = 2; i < 12; i += 2) askQuestion(call, i, i + 0.5).agent('speaking', i * 1000 + 900);
    expect(call.close('user_initiated', 20_000).values('lk_agents_session_turns')).toEqual([5]);
  });

  test('a session without a turn observes 0 turns', () => {
    expect(callWithGreeting().close('user_initiated', 2000).values('lk_agents_session_turns')).toEqual([0]);
  });
});

describe('a turn of a realtime model', () => {
  const response = (requestId: string) => realtimeMetrics({ requestId });
  const message = (startedSpeakingAt: number, interrupted = false) => ({
    interrupted,
    metrics: { startedSpeakingAt, providerRequestIds: ['response'] },
  });
  const transcript = (startedSpeakingAt?: number) => ({ metrics: { startedSpeakingAt } });
  const call = () => new Call().agent('listening', 0);

  test('is counted when the transcript arrives before the response', () => {
    const turn = call().user('speaking', 1000).user('listening', 2000).says(transcript(1), 2100);
    turn.agent('speaking', 2500).replies(message(2.5), 4000).metrics(response('a')).agent('listening', 4001);
    expect(turnsOf(turn)).toEqual(['completed']);
  });

  test('is counted once when the transcript arrives after the response', () => {
    const turn = call()
      .user('speaking', 1000)
      .user('listening', 2000)
      .agent('speaking', 2500)
      .metrics(response('a'));
    turn.replies(message(2.5), 4000).agent('listening', 4001).says(transcript(1), 4100);
    turn.user('speaking', 5000).user('listening', 6000).agent('speaking', 6500);
    turn.says(transcript(5), 6600).replies(message(6.5), 8000).agent('listening', 8001);
    expect(turnsOf(turn.close('user_initiated', 9000))).toEqual(['completed', 'completed']);
  });

  test('is counted without a transcript', () => {
    const turn = call();
    for (const at of [1, 5, 9]) {
      turn
        .user('speaking', at * 1000)
        .user('listening', at * 1000 + 900)
        .agent('speaking', at * 1000 + 1500);
      turn
        .metrics(response(`r${at}`))
        .replies(message(at + 1.5), at * 1000 + 2500)
        .agent('listening', at * 1000 + 2501);
    }
    expect(turnsOf(turn)).toEqual(['completed', 'completed', 'completed']);
  });

  test('interrupted without transcripts is interrupted, and the next turn is counted', () => {
    const turn = call()
      .user('speaking', 1000)
      .user('listening', 1900)
      .agent('speaking', 2500)
      .metrics(response('a'));
    turn
      .user('speaking', 4000)
      .replies(message(2.5, true), 4100)
      .agent('listening', 4101)
      .user('listening', 5000);
    turn.agent('speaking', 5500).metrics(response('b')).replies(message(5.5), 7000).agent('listening', 7001);
    expect(turnsOf(turn)).toEqual(['interrupted', 'completed']);
  });

  test('is interrupted when the next transcript arrives before its message', () => {
    const turn = call()
      .user('speaking', 1000)
      .says(transcript(1), 2100)
      .agent('speaking', 2500)
      .metrics(response('a'));
    turn
      .user('speaking', 4000)
      .says(transcript(4), 4900)
      .replies(message(2.5, true), 5000)
      .agent('listening', 5001);
    turn.agent('speaking', 5500).metrics(response('b')).replies(message(5.5), 7000).agent('listening', 7001);
    expect(turnsOf(turn)).toEqual(['interrupted', 'completed']);
  });

  test('is not counted when the caller speaks over model-initiated speech', () => {
    const turn = call().agent('speaking', 500).metrics(response('a')).user('speaking', 1500);
    turn.replies(message(0.5, true), 2000).agent('listening', 2001).user('listening', 3000);
    expect(turnsOf(turn)).toEqual([]);
    turn.agent('speaking', 3500).replies(message(3.5), 5000).agent('listening', 5001);
    expect(turnsOf(turn)).toEqual(['completed']);
  });

  test('is not counted when the model speaks first', () => {
    const turn = call()
      .agent('speaking', 500)
      .metrics(response('a'))
      .replies(message(0.5), 2000)
      .agent('listening', 2001);
    expect(turnsOf(turn)).toEqual([]);
  });
});

describe('latency', () => {
  test('is split into the known delays of the turn', () => {
    const delays = { transcriptionDelay: 0.25, endOfTurnDelay: 0.5, onUserTurnCompletedDelay: 0.125 };
    const call = callWithGreeting()
      .says(userMetrics(2, 3, delays), 3625)
      .replies(agentMetrics(4.5, { e2eLatency: 1.5 }), 6000);
    const shown = ['transcription', 'endpointing', 'user_hook', 'llm', 'tools', 'tts', 'unattributed'].map(
      (name) => segment(call, name),
    );
    expect(shown).toEqual([0.25, 0.25, 0.125, 0.5, 0, 0.125, 0.25]);
    expect(call.values('lk_agents_turn_e2e_latency_seconds')).toEqual([1.5]);
  });

  test('of a turn with silent tools includes the tools and the LLM before and after them', () => {
    const call = askQuestion(callWithGreeting(), 2, 3).metrics(llm('a', { durationMs: 750 }), 4000);
    runTools(call, 4000, 6000).metrics(llm('a', { requestId: 'b', durationMs: 900 }), 6800);
    call
      .agent('speaking', 7000)
      .replies(agentMetrics(7, { e2eLatency: 4 }), 8000)
      .agent('listening', 8001);
    expect([segment(call, 'tools'), segment(call, 'llm'), segment(call, 'tts')]).toEqual([2, 1.25, 0.125]);
    expect(segment(call, 'unattributed')).toBe(0.625);
    expect(turnsOf(call)).toEqual(['completed with tools']);
  });

  test('of a late response is attributed to its own turn and not the next one', () => {
    const call = callWithGreeting()
      .says(userMetrics(2, 3, { transcriptionDelay: 0.25, endOfTurnDelay: 0.5 }), 3500)
      .agent('speaking', 4000);
    askQuestion(call, 4.5, 6).replies({ ...agentMetrics(4, { e2eLatency: 1 }), interrupted: true }, 6500);
    expect([segment(call, 'transcription'), segment(call, 'endpointing')]).toEqual([0.25, 0.25]);
  });

  test('of a response without a user message has only LLM and TTS segments', () => {
    const call = callWithGreeting().replies(agentMetrics(4.5, { e2eLatency: 1.5 }), 6000);
    expect([segment(call, 'llm'), segment(call, 'tts'), segment(call, 'unattributed')]).toEqual([
      0.5, 0.125, 0.875,
    ]);
  });

  test.each([-0.5, 601, Number.NaN])('of %j s is rejected and has no segments', (e2eLatency) => {
    const call = askQuestion(callWithGreeting(), 2, 3).replies(agentMetrics(4, { e2eLatency }), 5000);
    expect(call.values('lk_agents_turn_e2e_latency_seconds')).toEqual([]);
    expect(call.values('lk_agents_turn_segment_seconds_total')).toEqual([]);
  });

  test('is labelled with the model that responded', () => {
    const metadata = { modelProvider: 'openai', modelName: 'gpt' };
    const call = askQuestion(callWithGreeting(), 2, 3)
      .metrics(llm('a', { metadata }), 3900)
      .metrics(ttsMetrics({ metadata: { modelProvider: 'cartesia', modelName: 'sonic' } }), 3950)
      .replies(agentMetrics(4, { e2eLatency: 1 }), 5000);
    const openai = { model_provider: 'openai', model_name: 'gpt' };
    expect(call.values('lk_agents_turn_e2e_latency_seconds', openai)).toEqual([1]);
    expect(call.values('lk_agents_turn_llm_ttft_seconds', openai)).toEqual([0.5]);
    const sonic = { model_provider: 'cartesia', model_name: 'sonic' };
    expect(call.values('lk_agents_turn_tts_ttfb_seconds', sonic)).toEqual([0.125]);
  });

  test('behind an adapter is labelled with the model of the child', () => {
    const adapter = {
      label: 'FallbackAdapter',
      metadata: { modelProvider: 'unknown', modelName: 'FallbackAdapter' },
    };
    const call = askQuestion(callWithGreeting(), 2, 3)
      .metrics(llm('a'), 3900)
      .metrics(llm('a', adapter), 3901);
    call.replies(agentMetrics(4, { e2eLatency: 1 }), 5000);
    expect(call.values('lk_agents_turn_e2e_latency_seconds', { model_name: 'm-1' })).toEqual([1]);
  });
});

test('of a response in two messages is taken from the message with a measured latency', () => {
  const over: TurnSummary[] = [];
  const turns = new Turns((turn) => over.push(turn));
  const samples = new Samples();
  const message = (role: 'user' | 'assistant', metrics: object) => {
    const item = new llmOfSdk.ChatMessage({ role, content: '…', createdAt: start });
    item.metrics = metrics;
    turns.message(samples, item, start / 1000);
  };
  message('user', { startedSpeakingAt: 1, stoppedSpeakingAt: 2 });
  message('assistant', { startedSpeakingAt: 3.5, e2eLatency: 1.5, llmNodeTtft: 0.5 });
  message('assistant', { startedSpeakingAt: 8, llmNodeTtft: 0.25 });
  turns.close(samples, 'user_initiated', start / 1000);
  expect(over).toMatchObject([{ outcome: 'completed', reply: { e2eLatency: 1.5, llmNodeTtft: 0.5 } }]);
  expect(over[0]?.segments).toMatchObject({ llm: 0.5, unattributed: 1 });
});
