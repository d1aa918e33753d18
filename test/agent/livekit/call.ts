import type { metrics, voice } from '@livekit/agents';
import { inSeconds } from '../../../src/agent/livekit/sdk-event.ts';
import type { MetricName } from '../../../src/catalogue/metrics.ts';
import type { Observation } from '../../../src/catalogue/observation.ts';
import type { SessionEventName } from '../../../src/session/events.ts';
import { SessionObserver } from '../../../src/session/session-observer.ts';

/** The start of every call, in milliseconds since the epoch. */
export const start = 1_700_000_000_000;

/** The values of a series with at least these labels. */
export function valuesOf(
  observations: readonly Observation[],
  metric: MetricName,
  labels: Record<string, string> = {},
): number[] {
  return observations
    .filter((sample) => sample.metric === metric)
    .filter((sample) => Object.entries(labels).every(([name, value]) => sample.labels[name] === value))
    .map((sample) => sample.value);
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** A session observer that receives events one by one; `at` is in milliseconds since the call began. */
export class Call {
  readonly observer = new SessionObserver();
  readonly observations: Observation[] = [];
  #at = 0;

  emit(name: SessionEventName, event: object, at = this.#at): this {
    this.#at = at;
    this.observations.push(
      ...this.observer.handle(
        name,
        inSeconds(name, { type: name, createdAt: start + at, ...event } as never),
      ),
    );
    return this;
  }

  metrics(m: metrics.AgentMetrics, at?: number): this {
    return this.emit('metrics_collected', { metrics: m }, at);
  }

  agent(newState: voice.AgentState, at?: number): this {
    return this.emit('agent_state_changed', { newState }, at);
  }

  user(newState: voice.UserState, at?: number): this {
    return this.emit('user_state_changed', { newState }, at);
  }

  /** A message of the user; the metrics are those of `ChatMessage`, its times in seconds since the call began. */
  says(given: MessageFields = {}, at?: number): this {
    return this.emit('conversation_item_added', { item: messageOf('user', given) }, at);
  }

  /** A message of the agent. */
  replies(given: MessageFields = {}, at?: number): this {
    return this.emit('conversation_item_added', { item: messageOf('assistant', given) }, at);
  }

  tick(at: number): this {
    this.observations.push(...this.observer.tick((start + at) / 1000));
    return this;
  }

  close(reason = 'user_initiated', at?: number): this {
    return this.emit('close', { reason, error: null }, at);
  }

  values(metric: MetricName, labels: Record<string, string> = {}): number[] {
    return valuesOf(this.observations, metric, labels);
  }

  total(metric: MetricName, labels: Record<string, string> = {}): number {
    return sum(this.values(metric, labels));
  }
}

interface MessageFields {
  text?: string;
  interrupted?: boolean;
  confidence?: number;
  metrics?: Record<string, unknown>;
}

/** Seconds since the epoch in whole milliseconds, like the SDK's clock. */
const toTimestamp = (seconds: unknown) =>
  typeof seconds === 'number' ? (start + seconds * 1000) / 1000 : seconds;

function messageOf(
  role: 'user' | 'assistant',
  { text = '', interrupted = false, confidence, metrics }: MessageFields,
) {
  const timestampFields = new Set(['startedSpeakingAt', 'stoppedSpeakingAt']);
  const shifted = Object.entries(metrics ?? {}).map(([name, value]) => [
    name,
    timestampFields.has(name) ? toTimestamp(value) : value,
  ]);
  return {
    type: 'message',
    role,
    content: [text],
    interrupted,
    transcriptConfidence: confidence,
    metrics: metrics && Object.fromEntries(shifted),
  };
}
