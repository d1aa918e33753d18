import type { voice } from '@livekit/agents';
import type { SessionEvents } from './events.ts';
import { callGuard, delayGuard, elapsed, type Samples } from './samples.ts';

/** The states of agent and user, and since when. Times are unix seconds. */
export class States {
  #startedAt: number | undefined;
  #agent: voice.AgentState = 'initializing';
  #user: voice.UserState = 'listening';
  #agentSince: number | undefined;
  #userSince: number | undefined;
  #agentHasSpoken = false;
  /** Start of the current silence, and who spoke before it. */
  #silence: { since: number; after: 'user' | 'agent' } | undefined;

  get started(): boolean {
    return this.#startedAt !== undefined;
  }

  /** Starts a session. */
  start(at: number): void {
    this.#startedAt ??= at;
    this.#agentSince ??= at;
    this.#userSince ??= at;
  }

  /** Starts in the middle of a session that is in these states. */
  resume(at: number, agent: voice.AgentState, user: voice.UserState): void {
    this.start(at);
    this.#agent = agent;
    this.#user = user;
    this.#agentHasSpoken = true;
  }

  agent(samples: Samples, { newState, createdAt }: SessionEvents['agent_state_changed']): void {
    this.addElapsed(samples, createdAt);
    const spoke = this.#agent === 'speaking';
    this.#agent = newState;
    if (newState === 'speaking' && !this.#agentHasSpoken && this.#startedAt !== undefined) {
      this.#agentHasSpoken = true;
      const wait = elapsed(this.#startedAt, createdAt);
      samples.measure('lk_agents_first_response_seconds', {}, wait, delayGuard);
    }
    this.#trackSilence(samples, createdAt, spoke ? 'agent' : undefined);
  }

  user(samples: Samples, { newState, createdAt }: SessionEvents['user_state_changed']): void {
    this.addElapsed(samples, createdAt);
    const spoke = this.#user === 'speaking';
    this.#user = newState;
    this.#trackSilence(samples, createdAt, spoke ? 'user' : undefined);
  }

  /** Adds the time that the current states have lasted until `now`. */
  addElapsed(samples: Samples, now: number): void {
    if (this.#agentSince === undefined || this.#userSince === undefined) return;
    const agent = Math.max(0, elapsed(this.#agentSince, now));
    const user = Math.max(0, elapsed(this.#userSince, now));
    samples.count('lk_agents_agent_state_seconds_total', { state: this.#agent }, agent);
    samples.count('lk_agents_user_state_seconds_total', { state: this.#user }, user);
    this.#agentSince = Math.max(now, this.#agentSince);
    this.#userSince = Math.max(now, this.#userSince);
  }

  close(samples: Samples, at: number): void {
    this.addElapsed(samples, at);
    if (this.#startedAt === undefined) return;
    samples.measure('lk_agents_session_duration_seconds', {}, elapsed(this.#startedAt, at), callGuard);
  }

  #trackSilence(samples: Samples, now: number, stopped: 'user' | 'agent' | undefined): void {
    const speaking = this.#agent === 'speaking' || this.#user === 'speaking';
    if (!speaking && stopped) this.#silence = { since: now, after: stopped };
    if (!speaking || !this.#silence) return;
    const { since, after } = this.#silence;
    this.#silence = undefined;
    samples.measure('lk_agents_dead_air_seconds', { after }, elapsed(since, now), callGuard);
  }
}
