import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inSeconds } from '../../src/agent/livekit/sdk-event.ts';
import { SessionObserver } from '../../src/session/session-observer.ts';
import { Call, start, valuesOf } from '../agent/livekit/call.ts';

const agentSeconds = 'lk_agents_agent_state_seconds_total';
const userSeconds = 'lk_agents_user_state_seconds_total';
const deadAir = 'lk_agents_dead_air_seconds';

describe('time in states', () => {
  test('is summed by state', () => {
    const call = new Call()
      .agent('listening', 0)
      .user('speaking', 1000)
      .user('listening', 3000)
      .agent('thinking', 3500)
      .agent('speaking', 4500)
      .agent('listening', 6500)
      .user('away', 9500)
      .close('user_initiated', 10_000);
    const agent = (state: string) => call.total(agentSeconds, { state });
    const user = (state: string) => call.total(userSeconds, { state });
    expect([agent('listening'), agent('thinking'), agent('speaking')]).toEqual([7, 1, 2]);
    expect([user('speaking'), user('listening'), user('away')]).toEqual([2, 7.5, 0.5]);
    expect(call.values('lk_agents_session_duration_seconds')).toEqual([10]);
  });

  test('sums to the duration of the session for any events and ticks', () => {
    const agent = fc.constantFrom('listening', 'thinking', 'speaking', 'idle');
    const user = fc.constantFrom('listening', 'speaking', 'away');
    const step = fc.record({
      after: fc.nat({ max: 20_000 }),
      agent,
      user,
      what: fc.constantFrom('agent', 'user', 'tick'),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const call = new Call().agent('listening', 0);
        let at = 0;
        for (const { after, what, ...state } of steps) {
          at += after;
          if (what === 'agent') call.agent(state.agent as never, at);
          if (what === 'user') call.user(state.user as never, at);
          if (what === 'tick') call.tick(at);
        }
        call.close('user_initiated', at + 1000);
        const duration = call.total('lk_agents_session_duration_seconds');
        expect(duration).toBe((at + 1000) / 1000);
        expect(call.total(agentSeconds)).toBeCloseTo(duration, 6);
        expect(call.total(userSeconds)).toBeCloseTo(duration, 6);
      }),
    );
  });

  test('in a continuing state is added at each tick and not again at its end', () => {
    const call = new Call().agent('listening', 0).tick(10_000).tick(20_000);
    expect(call.values(agentSeconds, { state: 'listening' })).toEqual([10, 10]);
    call.agent('speaking', 25_000);
    expect(call.total(agentSeconds, { state: 'listening' })).toBe(25);
  });

  test('is not added by a tick before the session starts', () => {
    expect(new Call().tick(10_000).observations).toEqual([]);
    expect(new Call().user('speaking', 0).tick(10_000).observations).toEqual([]);
  });

  test('is not added by a tick after the session ends', () => {
    const call = new Call().agent('listening', 0).close('user_initiated', 5000).tick(10_000);
    expect(call.total(agentSeconds)).toBe(5);
  });

  test('is not counted twice when the clock moves backwards', () => {
    const call = new Call().agent('listening', 60_000).tick(100_000).agent('speaking', 70_000).tick(110_000);
    expect(call.total(agentSeconds)).toBe(50);
    expect(call.total(agentSeconds, { state: 'speaking' })).toBe(10);
    expect(Math.min(...call.values(agentSeconds))).toBeGreaterThanOrEqual(0);
  });
});

describe('the first response', () => {
  test('is measured once, from the start of the session to the first agent speech', () => {
    const call = new Call()
      .agent('listening', 0)
      .agent('speaking', 800)
      .agent('listening', 2000)
      .agent('speaking', 9000);
    expect(call.values('lk_agents_first_response_seconds')).toEqual([0.8]);
  });

  test('is not measured for a session that was observed after its start', () => {
    const observer = new SessionObserver();
    const observations = [
      ...observer.started(start / 1000, 'listening', 'listening'),
      ...observer.handle(
        'agent_state_changed',
        inSeconds('agent_state_changed', { newState: 'speaking', createdAt: start + 900 } as never),
      ),
    ];
    expect(valuesOf(observations, 'lk_agents_first_response_seconds')).toEqual([]);
    expect(valuesOf(observations, agentSeconds, { state: 'listening' })).toEqual([0.9]);
    expect(valuesOf(observations, 'lk_agents_sessions_active')).toEqual([1]);
  });
});

describe('dead air', () => {
  test('is measured from the end of speech of one side to the next speech of either side', () => {
    const call = new Call()
      .agent('listening', 0)
      .user('speaking', 1000)
      .user('listening', 3000)
      .agent('thinking', 3200)
      .agent('speaking', 4500)
      .agent('listening', 6000)
      .user('speaking', 6250);
    expect(call.values(deadAir, { after: 'user' })).toEqual([1.5]);
    expect(call.values(deadAir, { after: 'agent' })).toEqual([0.25]);
  });

  test('is not measured while both sides speak', () => {
    const call = new Call()
      .agent('speaking', 0)
      .user('speaking', 1000)
      .agent('listening', 1300)
      .user('listening', 2000)
      .agent('speaking', 3000);
    expect(call.values(deadAir)).toEqual([1]);
    expect(call.values(deadAir, { after: 'user' })).toEqual([1]);
  });

  test('continues while the user is away', () => {
    const call = new Call()
      .agent('speaking', 0)
      .agent('listening', 1000)
      .user('away', 16_000)
      .agent('speaking', 21_000);
    expect(call.values(deadAir, { after: 'agent' })).toEqual([20]);
  });

  test('is not measured before the first and after the last speech', () => {
    const call = new Call()
      .agent('listening', 0)
      .agent('speaking', 5000)
      .agent('listening', 6000)
      .close('user_initiated', 60_000);
    expect(call.values(deadAir)).toEqual([]);
  });

  test('is rejected when the clock moves backwards', () => {
    const call = new Call().agent('speaking', 0).agent('listening', 9000).user('speaking', 4000);
    expect(call.values(deadAir)).toEqual([]);
    expect(call.values('talkgauge_invalid_samples_total', { metric: deadAir, reason: 'negative' })).toEqual([
      1,
    ]);
  });
});
