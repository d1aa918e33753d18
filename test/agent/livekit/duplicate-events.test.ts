import type { EventEmitter } from 'node:events';
import { voice } from '@livekit/agents';
import { describe, expect, test } from 'vitest';
import { DuplicateDetection } from '../../../src/agent/livekit/duplicate-events.ts';
import { observe } from '../../../src/agent/livekit/observe.ts';
import { sampleOf } from '../worker/exposition.ts';
import { FakeLlm, FakeStreamingStt, FakeTts, FakeVad } from './fakes.ts';
import { eouMetrics, llmMetrics, sttMetrics, vadMetrics } from './sdk-metrics.ts';
import { ask, createSession, start } from './sessions.ts';

describe('two sessions in one process that share their models', () => {
  /** Two sessions, "a" and "b", with one LLM and one TTS. */
  async function pair(llm = new FakeLlm()) {
    const tts = new FakeTts();
    const [a, b] = [createSession({ llm, tts }), createSession({ llm, tts })];
    const { recorder } = observe(a, undefined, { agentName: 'a' });
    observe(b, undefined, { agentName: 'b' });
    await start(a);
    await start(b);
    const shown = async (series: string, labels?: Record<string, string>) =>
      sampleOf(await recorder!.expose('text'), series, labels) ?? 0;
    return { a, b, shown };
  }

  test('each count only their own requests', async () => {
    const { a, b, shown } = await pair();
    await ask(a, 'one');
    await ask(b, 'two');
    await ask(a, 'three');
    await a.close();
    await b.close();
    for (const [agent_name, count] of [
      ['a', 2],
      ['b', 1],
    ] as const) {
      expect(await shown('lk_agents_llm_requests_total', { agent_name })).toBe(count);
      expect(await shown('lk_agents_tts_requests_total', { agent_name })).toBe(count);
      expect(await shown('lk_agents_usage_llm_input_tokens_total', { agent_name })).toBe(count * 100);
      expect(await shown('lk_agents_turns_total', { agent_name, outcome: 'completed' })).toBe(count);
    }
    expect(await shown('talkgauge_duplicate_events_total', { type: 'llm_metrics' })).toBe(3);
    expect(await shown('talkgauge_duplicate_events_total', { type: 'tts_metrics' })).toBe(3);
  });

  test('each count their own turns while both are active', async () => {
    const { a, b, shown } = await pair(new FakeLlm({ delay: 30 }));
    await Promise.all([ask(a, 'one'), ask(b, 'two')]);
    await Promise.all([a.close(), b.close()]);
    for (const agent_name of ['a', 'b']) {
      expect(await shown('lk_agents_llm_requests_total', { agent_name })).toBe(1);
      expect(await shown('lk_agents_turns_total', { agent_name })).toBe(1);
    }
  });

  test('count an error once', async () => {
    const { a, shown } = await pair(new FakeLlm({ fails: 1 }));
    await ask(a, 'one');
    expect(await shown('lk_agents_errors_total', { component: 'llm' })).toBe(1);
    expect(await shown('talkgauge_duplicate_events_total', { type: 'llm_error' })).toBe(1);
    expect(await shown('lk_agents_llm_requests_total', { outcome: 'error' })).toBe(1);
  });

  test('count the metrics of an STT and a VAD, which have no speech id, once', async () => {
    const [stt, vad] = [new FakeStreamingStt(), new FakeVad()];
    const sessions = [1, 2].map(() => new voice.AgentSession({ stt, vad, llm: new FakeLlm() }));
    const [recorder] = sessions.map((session) => observe(session).recorder!);
    for (const session of sessions) await start(session);
    for (let i = 0; i < 3; i++) {
      (stt as EventEmitter).emit('metrics_collected', sttMetrics({ streamed: true }));
      (vad as EventEmitter).emit('metrics_collected', vadMetrics());
    }
    const text = await recorder!.expose('text');
    expect(sampleOf(text, 'lk_agents_stt_requests_total')).toBe(3);
    expect(sampleOf(text, 'lk_agents_vad_inferences_total')).toBe(96);
    for (const session of sessions) await session.close();
  });

  test('do not count requests of an unobserved session for the observed one', async () => {
    const llm = new FakeLlm();
    const [observed, other] = [createSession({ llm }), createSession({ llm })];
    const { recorder } = observe(observed);
    await start(observed);
    await start(other);
    await ask(other, 'one');
    await ask(observed, 'two');
    const text = await recorder!.expose('text');
    expect(sampleOf(text, 'lk_agents_llm_requests_total')).toBe(1);
    expect(sampleOf(text, 'talkgauge_duplicate_events_total', { type: 'llm_metrics' })).toBe(1);
  });
});

describe('metrics', () => {
  const of = (speechId?: string) => llmMetrics({ speechId });

  test('of a speech of the session are counted once', () => {
    const duplicates = new DuplicateDetection(true);
    duplicates.speechCreated('mine');
    const mine = of('mine');
    expect([duplicates.owns(mine), duplicates.owns(mine), duplicates.owns(of('mine'))]).toEqual([
      true,
      false,
      true,
    ]);
    duplicates.close();
  });

  test("of another session's speech are not counted", () => {
    const [mine, theirs] = [new DuplicateDetection(true), new DuplicateDetection(false)];
    theirs.speechCreated('theirs');
    expect(mine.owns(of('theirs'))).toBe(false);
    expect(theirs.owns(of('theirs'))).toBe(true);
    mine.close();
    theirs.close();
  });

  test('of an unknown speech are counted by a session that was observed after its start', () => {
    const [early, late] = [new DuplicateDetection(true), new DuplicateDetection(false)];
    expect([early.owns(of('unknown')), late.owns(of('unknown'))]).toEqual([false, true]);
    early.close();
    late.close();
  });

  test('without a speech are counted by the first session that receives them', () => {
    const [one, other] = [new DuplicateDetection(true), new DuplicateDetection(true)];
    const metrics = of(undefined);
    expect([other.owns(metrics), one.owns(metrics)]).toEqual([true, false]);
    one.close();
    other.close();
  });

  test('of an end of utterance are assigned by speech, too', () => {
    const duplicates = new DuplicateDetection(true);
    duplicates.speechCreated('mine');
    expect(duplicates.owns(eouMetrics({ speechId: 'mine' }))).toBe(true);
    expect(duplicates.owns(eouMetrics({ speechId: 'theirs' }))).toBe(false);
    duplicates.close();
  });
});
