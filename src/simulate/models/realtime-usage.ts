import type { metrics } from '@livekit/agents';
import type { RealtimeSpec } from '../model-specs.ts';
import type { Random } from '../random.ts';

/** A response that has ended; times are in milliseconds. */
export interface DoneResponse {
  id: string;
  label: string;
  durationMs: number;
  /** -1: there was no audio. */
  ttftMs: number;
  cancelled: boolean;
  text: string;
  audioMs: number;
  /** How many items the conversation had. */
  history: number;
}

/** Keeps the account of a realtime connection, and makes the metrics that real plugins report. */
export class RealtimeUsage {
  readonly #model: RealtimeSpec;
  readonly #random: Random;
  #acquired = false;
  #billedUntil = performance.now();

  constructor(model: RealtimeSpec, random: Random) {
    this.#model = model;
    this.#random = random;
  }

  report(done: DoneResponse): metrics.RealtimeModelMetrics {
    const { provider, model, sessionBilled } = this.#model;
    const input = inputOf(done.history);
    const output = this.#outputOf(done);
    return {
      type: 'realtime_model_metrics',
      label: done.label,
      requestId: done.id,
      timestamp: Date.now() - Math.round(done.durationMs),
      durationMs: Math.round(done.durationMs),
      ttftMs: Math.round(done.ttftMs),
      cancelled: done.cancelled,
      inputTokens: input.total,
      outputTokens: output.total,
      totalTokens: input.total + output.total,
      tokensPerSecond: output.total / (done.durationMs / 1000),
      inputTokenDetails: input.details,
      outputTokenDetails: output.details,
      ...this.#connection(),
      ...(sessionBilled && { sessionDurationMs: this.#unbilledMs() }),
      metadata: { modelProvider: provider, modelName: model },
    };
  }

  #outputOf({ text, audioMs }: DoneResponse) {
    const spoke = audioMs > 0;
    const details = {
      textTokens: spoke ? Math.ceil(text.length / 4) : 12,
      audioTokens: Math.round(audioMs / 50),
      imageTokens: spoke && this.#model.pictures ? 96 : 0,
    };
    return { details, total: sum(details) };
  }

  /** What it took to get the connection: the first response opens it, the others find it open. */
  #connection() {
    const connectionReused = this.#acquired;
    this.#acquired = true;
    return { connectionReused, acquireTimeMs: this.#random.lognormal(connectionReused ? 2 : 170, 0.4) };
  }

  #unbilledMs(): number {
    const from = this.#billedUntil;
    this.#billedUntil = performance.now();
    return Math.round(this.#billedUntil - from);
  }
}

/** Every item of the conversation is sent again; later ones bring a picture along, and a cache comes to help. */
function inputOf(history: number) {
  const sent = {
    textTokens: 410 + history * 9,
    audioTokens: history * 34,
    imageTokens: history > 4 ? 85 : 0,
  };
  const cached = {
    textTokens: history > 2 ? 384 : 0,
    audioTokens: Math.round(sent.audioTokens * 0.6),
    imageTokens: history > 6 ? 85 : 0,
  };
  return {
    details: { ...sent, cachedTokens: sum(cached), cachedTokensDetails: cached },
    total: sum(sent),
  };
}

const sum = (tokens: { textTokens: number; audioTokens: number; imageTokens: number }): number =>
  tokens.textTokens + tokens.audioTokens + tokens.imageTokens;
