import type { voice } from '@livekit/agents';
import { closeReasons, components } from '../catalogue/labels.ts';
import type { Labels } from '../catalogue/metrics.ts';
import type { Observation } from '../catalogue/observation.ts';
import { Duplicates } from './duplicates.ts';
import {
  type MetricsEvent,
  type Model,
  modelOf,
  type SessionEventName,
  type SessionEvents,
  type TurnModels,
} from './events.ts';
import { recordMetricsEvent } from './metric-events.ts';
import { RequestOutcomes } from './request-outcomes.ts';
import { Samples } from './samples.ts';
import { States } from './states.ts';
import { EstimatedLatency } from './turn-latency.ts';
import { type TurnSummary, Turns } from './turns.ts';
import { recordBillableUsage, recordUsage } from './usage.ts';

/** A handler for each event of a session. */
export type Handlers = { [E in SessionEventName]: (samples: Samples, event: SessionEvents[E]) => void };

export interface ObserverOptions {
  /** Labels of TTS that are known to stream natively. @default none */
  streamingTts?: readonly string[];
  /** Called at the end of each turn. */
  onTurnEnd?: (turn: TurnSummary) => void;
  /** Whether metrics events count as usage; false if another source reports it. @default true */
  usage?: boolean;
  /** The models of turns before the first metrics event. @default unknown */
  models?: TurnModels;
}

const trueFalse = (value: unknown) => (value ? 'true' : 'false');
const ignore = () => {};

/** Converts the events of one session to observations. Depends on no clock, process or registry. */
export class SessionObserver {
  readonly #duplicates: Duplicates;
  readonly #outcomes = new RequestOutcomes();
  readonly #estimated = new EstimatedLatency();
  readonly #states = new States();
  readonly #turns: Turns;
  readonly #usage: boolean;
  #active = false;

  constructor({ streamingTts, onTurnEnd, usage: counted = true, models }: ObserverOptions = {}) {
    this.#turns = new Turns(onTurnEnd, models);
    this.#duplicates = new Duplicates(streamingTts);
    this.#usage = counted;
  }

  readonly #handlers: Handlers = {
    metrics_collected: (samples, { metrics: m }) => {
      const { count, duplicates } = this.#duplicates.classify(m);
      this.#turns.metrics(m, duplicates.includes(m));
      for (const one of duplicates) samples.add('talkgauge_duplicate_events_total', { type: one.type }, 1);
      for (const one of count) this.#count(samples, one);
    },
    conversation_item_added: (samples, { item, createdAt }) => {
      if (item.type === 'message') this.#turns.message(samples, item, createdAt);
      // The first agent of a session is no handoff.
      else if (item.oldAgentId) samples.add('lk_agents_handoffs_total', {}, 1);
    },
    function_tools_executed: (samples, event) => this.#turns.tools(samples, event),
    agent_state_changed: (samples, event) => {
      this.#start(samples, event.createdAt);
      this.#outcomes.countFailures(samples);
      this.#states.agent(samples, event);
      this.#turns.agentState(samples, event.newState);
    },
    user_state_changed: (samples, event) => {
      this.#states.user(samples, event);
      this.#turns.userState(event.newState, event.createdAt);
    },
    error: (samples, { error, source, createdAt }) => {
      const component = componentOf(error.type);
      const model = this.#modelOf(component, error.label, source);
      const labels = {
        component,
        model_provider: model.model_provider,
        recoverable: trueFalse(error.recoverable),
      } as const;
      samples.add('lk_agents_errors_total', labels, 1);
      if (!error.recoverable && isKind(component)) {
        const at = error.timestamp ?? createdAt;
        this.#outcomes.failed({ kind: component, label: error.label, model, at });
        this.#turns.failed();
      }
    },
    overlapping_speech: (samples, event) =>
      samples.add('lk_agents_overlapping_speech_total', { interruption: trueFalse(event.isInterruption) }, 1),
    agent_false_interruption: (samples, event) =>
      samples.add('lk_agents_false_interruptions_total', { resumed: trueFalse(event.resumed) }, 1),
    user_transcription_timeout: (samples) =>
      samples.add('lk_agents_user_transcription_timeouts_total', {}, 1),
    eot_prediction: (samples, event) => {
      const likely = event.probability >= event.threshold ? 'yes' : 'no';
      samples.add('lk_agents_eot_predictions_total', { likely }, 1);
    },
    speech_done: (samples, { speechHandle }) => {
      if (speechHandle.interrupted) samples.add('lk_agents_speech_interrupted_total', {}, 1);
      this.#turns.speechDone(speechHandle.id, speechHandle.interrupted);
    },
    close: (samples, event) => {
      this.#countExpired(samples, Number.POSITIVE_INFINITY);
      this.#outcomes.countFailures(samples);
      this.#turns.close(samples, event.reason, event.createdAt);
      // A session that never started does not end, and a session ends once.
      if (!this.#active) return;
      this.#active = false;
      this.#states.close(samples, event.createdAt);
      samples.add('lk_agents_session_turns', {}, this.#turns.count);
      samples.add('lk_agents_sessions_active', {}, -1);
      samples.add('lk_agents_sessions_total', { close_reason: closeReasonOf(event.reason) }, 1);
    },
    speech_created: (_, { speechHandle }) => this.#turns.speechCreated(speechHandle.id),
    // The final message has all metrics of a transcript.
    user_input_transcribed: ignore,
    // The sum of metrics events, which have been counted individually.
    session_usage_updated: ignore,
    debug_message: ignore,
  };

  /** The observations of an event. Throws if it does not have the shape of the event. */
  handle<E extends SessionEventName>(name: E, event: SessionEvents[E]): Observation[] {
    const samples = new Samples();
    if (event.createdAt !== undefined) this.#countExpired(samples, event.createdAt);
    this.#handlers[name](samples, event);
    return samples.observations;
  }

  /** Whether this version of the SDK has an event of that name. */
  knows(name: string): name is SessionEventName {
    return Object.hasOwn(this.#handlers, name);
  }

  /** The names of all events. */
  get names(): SessionEventName[] {
    return Object.keys(this.#handlers) as SessionEventName[];
  }

  /** Starts to observe a session that already runs. @param at unix seconds */
  started(at: number, agent: voice.AgentState, user: voice.UserState): Observation[] {
    const samples = new Samples();
    this.#states.resume(at, agent, user);
    this.#activate(samples);
    return samples.observations;
  }

  /** Adds the elapsed time of the current states, so that series are updated before the states end. @param now unix seconds */
  tick(now: number): Observation[] {
    const samples = new Samples();
    this.#countExpired(samples, now);
    if (this.#active) this.#states.addElapsed(samples, now);
    return samples.observations;
  }

  /** Ends the observation of a session whose close event is missing. */
  ended(): Observation[] {
    const samples = new Samples();
    this.#countExpired(samples, Number.POSITIVE_INFINITY);
    this.#outcomes.countFailures(samples);
    return samples.observations;
  }

  /** Stops observing a session that may still run. @param at unix seconds */
  abandoned(at: number): Observation[] {
    const samples = new Samples();
    if (this.#active) {
      this.#states.addElapsed(samples, at);
      samples.add('lk_agents_sessions_active', {}, -1);
    }
    this.#active = false;
    return [...this.ended(), ...samples.observations];
  }

  #start(samples: Samples, at: number): void {
    if (this.#states.started) return;
    this.#states.start(at);
    this.#activate(samples);
  }

  #activate(samples: Samples): void {
    this.#active = true;
    samples.add('lk_agents_sessions_active', {}, 1);
  }

  #count(samples: Samples, m: MetricsEvent): void {
    recordMetricsEvent(samples, m, this.#outcomes);
    if (this.#usage) {
      recordUsage(samples, m);
      recordBillableUsage(samples, m);
    }
    this.#estimated.add(samples, m);
  }

  /** Counts the metrics events whose wait for a duplicate has ended. */
  #countExpired(samples: Samples, now: number): void {
    for (const m of this.#duplicates.expired(now)) this.#count(samples, m);
  }

  /** The model that failed. Behind a fallback adapter, which is the `source`, only the label identifies it. */
  #modelOf(component: Component, label: string, source: SessionEvents['error']['source']): Model {
    const model = modelOf({ modelProvider: source?.provider, modelName: source?.model });
    if (model.model_provider !== 'unknown' || !isKind(component)) return model;
    return this.#outcomes.modelOf(component, label) ?? model;
  }
}

type Component = Labels<'lk_agents_errors_total'>['component'];

const isKind = (component: Component): component is 'llm' | 'tts' | 'realtime' =>
  component === 'llm' || component === 'tts' || component === 'realtime';

function componentOf(type: string): Component {
  const name = type.startsWith('interruption') ? 'interruption' : type.split('_')[0];
  return components.find((component) => component === name) ?? 'other';
}

/** Maps a user's own close reasons, which the SDK allows, to `other`: they would make an open label. */
export const closeReasonOf = (reason: string): Labels<'lk_agents_sessions_total'>['close_reason'] =>
  closeReasons.find((known) => known === reason && known !== 'crashed') ?? 'other';
