import { Counter, Gauge, Histogram } from 'prom-client';
import { catalogue } from '../build/catalogue/metrics.js';
import { commonLabels } from '../build/catalogue/types.js';

const construct = { counter: Counter, gauge: Gauge, histogram: Histogram };

/**
 * The exporter that one would write by hand: it listens to the same events and records the same samples, at once,
 * into prom-client in its own process. No guards, no duplicates, no caps, no exemplars; only what the benchmark's
 * events need. `agrees` in processes/cost-job.mjs holds it to Talkgauge's result.
 */
export class NaiveExporter {
  #identity;
  #metrics = {};
  #active;
  #agent;
  #user;
  #silence;
  #turn;
  #llm;
  #tts;
  #estimates;
  #startedAt;
  #heard;

  constructor(registry, identity) {
    this.#identity = identity;
    for (const [name, spec] of Object.entries(catalogue)) {
      this.#metrics[name] = new construct[spec.type]({
        name,
        help: spec.help,
        labelNames: [...commonLabels, ...Object.keys(spec.labels)],
        ...(spec.buckets && { buckets: [...spec.buckets] }),
        registers: [registry],
      });
    }
    this.begin();
  }

  /** A session begins. */
  begin() {
    this.#active = false;
    this.#agent = { state: 'initializing', since: Number.NaN };
    this.#user = { state: 'listening', since: Number.NaN };
    this.#silence = undefined;
    this.#turn = undefined;
    this.#llm = {};
    this.#tts = {};
    this.#estimates = new Map();
    this.#startedAt = Number.NaN;
    this.#heard = false;
  }

  handle(name, event) {
    if (name === 'metrics_collected') this.#collected(event.metrics);
    else if (name === 'conversation_item_added') this.#message(event.item);
    else if (name === 'agent_state_changed') this.#agentState(event);
    else if (name === 'user_state_changed') this.#userState(event);
  }

  #collected(m) {
    const metrics = this.#metrics;
    const identity = this.#identity;
    if (m.type === 'eou_metrics') {
      metrics.lk_agents_eou_events_total.inc({ ...identity, detected: 'yes' }, 1);
      metrics.lk_agents_eou_on_user_turn_completed_delay_seconds.observe(
        identity,
        m.onUserTurnCompletedDelayMs / 1000,
      );
      metrics.lk_agents_eou_delay_seconds.observe(identity, m.endOfUtteranceDelayMs / 1000);
      metrics.lk_agents_eou_transcription_delay_seconds.observe(identity, m.transcriptionDelayMs / 1000);
      this.#estimates.set(m.speechId, m.endOfUtteranceDelayMs / 1000);
      return;
    }
    const model = {
      ...identity,
      model_provider: m.metadata.modelProvider,
      model_name: m.metadata.modelName,
    };
    if (m.type === 'llm_metrics') {
      this.#llm = model;
      metrics.lk_agents_llm_requests_total.inc({ ...model, outcome: m.cancelled ? 'cancelled' : 'ok' }, 1);
      metrics.lk_agents_llm_ttft_seconds.observe(model, m.ttftMs / 1000);
      metrics.lk_agents_llm_duration_seconds.observe(model, m.durationMs / 1000);
      metrics.lk_agents_llm_tokens_per_second.observe(model, m.tokensPerSecond);
      metrics.lk_agents_usage_llm_input_tokens_total.inc(model, m.promptTokens);
      metrics.lk_agents_usage_llm_input_cached_tokens_total.inc(model, m.promptCachedTokens);
      metrics.lk_agents_usage_llm_cache_creation_tokens_total.inc(model, m.cacheCreationTokens);
      metrics.lk_agents_usage_llm_output_tokens_total.inc(model, m.completionTokens);
      const rest = m.promptTokens - m.promptCachedTokens - m.cacheCreationTokens;
      this.#billable(model, 'llm', 'input_tokens', rest);
      this.#billable(model, 'llm', 'cached_input_tokens', m.promptCachedTokens);
      this.#billable(model, 'llm', 'cache_write_tokens', m.cacheCreationTokens);
      this.#billable(model, 'llm', 'output_tokens', m.completionTokens);
      this.#estimates.set(m.speechId, this.#estimates.get(m.speechId) + m.ttftMs / 1000);
    } else if (m.type === 'tts_metrics') {
      this.#tts = model;
      const labels = {
        ...model,
        outcome: m.cancelled ? 'cancelled' : 'ok',
        streamed: String(m.streamed),
      };
      metrics.lk_agents_tts_requests_total.inc(labels, 1);
      metrics.lk_agents_tts_ttfb_seconds.observe(model, m.ttfbMs / 1000);
      metrics.lk_agents_tts_duration_seconds.observe(model, m.durationMs / 1000);
      metrics.lk_agents_usage_tts_characters_total.inc(model, m.charactersCount);
      metrics.lk_agents_usage_tts_audio_duration_seconds_total.inc(model, m.audioDurationMs / 1000);
      this.#billable(model, 'tts', 'characters', m.charactersCount);
      this.#audio(model, 'tts', m);
      const estimate = this.#estimates.get(m.speechId) + m.ttfbMs / 1000;
      metrics.lk_agents_turn_estimated_latency_seconds.observe(identity, estimate);
      this.#estimates.delete(m.speechId);
    } else if (m.type === 'stt_metrics') {
      metrics.lk_agents_stt_requests_total.inc({ ...model, streamed: String(m.streamed) }, 1);
      metrics.lk_agents_usage_stt_audio_duration_seconds_total.inc(model, m.audioDurationMs / 1000);
      this.#audio(model, 'stt', m);
    }
  }

  #billable(model, component, unit, amount) {
    this.#metrics.lk_agents_billable_usage_total.inc({ ...model, component, unit }, amount);
  }

  #audio(model, component, { audioDurationMs }) {
    this.#billable(model, component, 'audio_seconds', audioDurationMs / 1000);
    this.#billable(model, component, 'audio_seconds_without_tokens', audioDurationMs / 1000);
  }

  #message({ role, metrics: m, transcriptConfidence }) {
    const metrics = this.#metrics;
    const identity = this.#identity;
    if (role === 'user') {
      metrics.lk_agents_turn_transcription_delay_seconds.observe(identity, m.transcriptionDelay);
      metrics.lk_agents_turn_end_of_turn_delay_seconds.observe(identity, m.endOfTurnDelay);
      metrics.lk_agents_turn_on_user_turn_completed_delay_seconds.observe(
        identity,
        m.onUserTurnCompletedDelay,
      );
      metrics.lk_agents_transcript_confidence_ratio.observe(identity, transcriptConfidence);
      this.#turn = m;
      return;
    }
    metrics.lk_agents_turn_llm_ttft_seconds.observe(this.#llm, m.llmNodeTtft);
    metrics.lk_agents_turn_tts_ttfb_seconds.observe(this.#tts, m.ttsNodeTtfb);
    metrics.lk_agents_turn_playback_latency_seconds.observe(identity, m.playbackLatency);
    metrics.lk_agents_turn_e2e_latency_seconds.observe(this.#llm, m.e2eLatency);
    for (const [segment, value] of Object.entries(this.#segments(m))) {
      metrics.lk_agents_turn_segment_seconds_total.inc({ ...identity, segment }, value);
    }
  }

  #segments({ e2eLatency, llmNodeTtft, ttsNodeTtfb }) {
    let left = e2eLatency;
    const take = (seconds) => {
      const taken = Math.min(Math.max(seconds, 0), left);
      left -= taken;
      return taken;
    };
    const { transcriptionDelay, endOfTurnDelay, onUserTurnCompletedDelay } = this.#turn;
    const transcription = take(transcriptionDelay);
    const endpointing = take(endOfTurnDelay - transcription);
    const user_hook = take(onUserTurnCompletedDelay);
    const tts = take(ttsNodeTtfb);
    const tools = 0;
    const llm = take(llmNodeTtft);
    return { transcription, endpointing, user_hook, llm, tools, tts, unattributed: left };
  }

  #agentState({ newState, createdAt }) {
    if (!this.#active) {
      this.#active = true;
      this.#startedAt = createdAt;
      this.#agent.since = createdAt;
      this.#user.since = createdAt;
      this.#metrics.lk_agents_sessions_active.inc(this.#identity, 1);
    }
    this.#states(createdAt);
    if (newState === 'speaking' && !this.#heard) {
      this.#heard = true;
      const wait = (createdAt - this.#startedAt) / 1000;
      this.#metrics.lk_agents_first_response_seconds.observe(this.#identity, wait);
    }
    const spoke = this.#agent.state === 'speaking';
    this.#agent.state = newState;
    this.#silent(createdAt, spoke && 'agent');
    if (newState === 'listening' && this.#turn) {
      this.#turn = undefined;
      const labels = { ...this.#identity, outcome: 'completed', tools: 'no' };
      this.#metrics.lk_agents_turns_total.inc(labels, 1);
    }
  }

  #userState({ newState, createdAt }) {
    if (this.#active) this.#states(createdAt);
    const spoke = this.#user.state === 'speaking';
    this.#user.state = newState;
    this.#silent(createdAt, spoke && 'user');
  }

  #states(now) {
    const agent = { ...this.#identity, state: this.#agent.state };
    const user = { ...this.#identity, state: this.#user.state };
    this.#metrics.lk_agents_agent_state_seconds_total.inc(agent, (now - this.#agent.since) / 1000);
    this.#metrics.lk_agents_user_state_seconds_total.inc(user, (now - this.#user.since) / 1000);
    this.#agent.since = now;
    this.#user.since = now;
  }

  #silent(now, stopped) {
    const speaking = this.#agent.state === 'speaking' || this.#user.state === 'speaking';
    if (!speaking && stopped) this.#silence = { since: now, after: stopped };
    if (!speaking || !this.#silence) return;
    const labels = { ...this.#identity, after: this.#silence.after };
    this.#metrics.lk_agents_dead_air_seconds.observe(labels, (now - this.#silence.since) / 1000);
    this.#silence = undefined;
  }
}
