import type { metrics } from '@livekit/agents';

/** How long an event may wait for the one that it repeats, in milliseconds; it comes within a few. */
const patience = 1000;
/** How many sentences are remembered; a speech has fewer. */
const maxSentences = 64;

/** What to make of a metrics event, and of those before it that had to wait for it. */
export interface Verdict {
  /** To be counted, in the order in which they came. */
  count: metrics.AgentMetrics[];
  /** They tell again what another event tells. */
  repeated: metrics.AgentMetrics[];
}

/**
 * A TTS that cannot stream speaks through the SDK's stream adapter (tts/stream_adapter.ts): it reports each
 * sentence (`streamed: false`), and under the same label the adapter's stream reports the text of all of them
 * with the audio of the first ones (`streamed: true`). That event may come after the sentence that it ends
 * with or, as a rule, a few milliseconds before it. So the streamed event of a label waits for a sentence
 * that it repeats, until the label is known to stream by itself.
 */
export class Retellings {
  #sentences: metrics.TTSMetrics[] = [];
  #waiting: metrics.TTSMetrics[] = [];
  /** Labels of which a streamed event repeated nothing. */
  readonly #streaming: Set<string>;

  /** @param streaming labels that are known to stream by themselves; their events need not wait */
  constructor(streaming: readonly string[] = []) {
    this.#streaming = new Set(streaming);
  }

  judge(m: metrics.TTSMetrics): Verdict {
    if (!m.streamed) {
      this.#sentences = [...this.#sentences.slice(1 - maxSentences), m];
      const repeated = this.#waiting.filter((waiting) => retells(waiting, m));
      this.#waiting = this.#waiting.filter((waiting) => !repeated.includes(waiting));
      return { count: [m], repeated };
    }
    if (this.#sentences.some((sentence) => retells(m, sentence))) return { count: [], repeated: [m] };
    const speaksSentences = this.#sentences.some(({ label }) => label === m.label);
    if (this.#streaming.has(m.label) && !speaksSentences) return { count: [m], repeated: [] };
    this.#waiting.push(m);
    return { count: [], repeated: [] };
  }

  /** The events for which no sentence came until `now`. */
  overdue(now: number): metrics.TTSMetrics[] {
    if (this.#waiting.length === 0) return []; // asked at every event of a session
    // One without a time does not wait.
    const overdue = this.#waiting.filter(({ timestamp }) => !(now - timestamp <= patience));
    if (overdue.length === 0) return overdue;
    this.#waiting = this.#waiting.filter((waiting) => !overdue.includes(waiting));
    for (const { label } of overdue) this.#streaming.add(label);
    return overdue;
  }
}

/** Whether a streamed event tells of a sentence again. It has the request id of the last sentence in it. */
function retells(streamed: metrics.TTSMetrics, sentence: metrics.TTSMetrics): boolean {
  if (streamed.label !== sentence.label) return false;
  if (streamed.requestId || sentence.requestId) return streamed.requestId === sentence.requestId;
  return (
    streamed.speechId === sentence.speechId &&
    sentence.audioDurationMs > 0 &&
    // Each was rounded to a millisecond by itself.
    sentence.audioDurationMs <= streamed.audioDurationMs + 1
  );
}
