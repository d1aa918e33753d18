import type { metrics } from '@livekit/agents';
import { RecentMap } from './recent-map.ts';

/** How long an event may wait for the one that it repeats, in milliseconds; it comes within a few. */
const maxWaitMs = 1000;
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
    const overdue = this.#waiting.filter(({ timestamp }) => !(now - timestamp <= maxWaitMs));
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

/**
 * The labels of the SDK's adapters. An adapter's own event repeats its child's (llm/fallback_adapter.ts,
 * tts/fallback_adapter.ts, stt/stream_adapter.ts: they forward the child's and emit one of their own).
 */
const adapter = /^(?:FallbackAdapter$|(?:llm|stt|tts)\.(?:FallbackAdapter$|StreamAdapter<))/;
/** The same of the Python SDK, whose labels are the names of classes. */
const pythonAdapter =
  /^livekit\.agents\.(?:llm|stt|tts)\.(?:fallback_adapter\.FallbackAdapter|stream_adapter\.StreamAdapter)$/;

export const isAdapter = (label: string): boolean => adapter.test(label) || pythonAdapter.test(label);

interface Teller {
  label: string;
  at: number;
  took: number;
}

/** Recognises the metrics events of one session that repeat another one. */
export class Duplicates {
  /** Who told of a request, by its id, and when. */
  readonly #tellers = {
    llm_metrics: new RecentMap<string, Teller>(4096),
    tts_metrics: new RecentMap<string, Teller>(4096),
  };
  readonly #retellings: Retellings;

  /** @param streaming labels of TTS that are known to stream by themselves */
  constructor(streaming: readonly string[] = []) {
    this.#retellings = new Retellings(streaming);
  }

  /** Judges `m`, unless it has to wait; then it is in a later verdict. */
  judge(m: metrics.AgentMetrics): Verdict {
    if (this.#repeats(m)) return { count: [], repeated: [m] };
    return m.type === 'tts_metrics' ? this.#retellings.judge(m) : { count: [m], repeated: [] };
  }

  /** The events that have waited long enough at `now` (milliseconds since the epoch): they repeat nothing. */
  overdue(now: number): metrics.AgentMetrics[] {
    return this.#retellings.overdue(now);
  }

  #repeats(m: metrics.AgentMetrics): boolean {
    if (m.type !== 'llm_metrics' && m.type !== 'tts_metrics' && m.type !== 'stt_metrics') return false;
    if (isAdapter(m.label)) return true;
    // Streaming STT reports usage many times under one request id, and an empty id names nothing.
    if (m.type === 'stt_metrics' || !m.requestId) return false;
    const tellers = this.#tellers[m.type];
    const teller = tellers.get(m.requestId);
    if (teller === undefined) {
      tellers.set(m.requestId, { label: m.label, at: m.timestamp, took: m.durationMs });
      return false;
    }
    // An adapter of the user's own has another label than what it wraps. A provider may give an id twice
    // (local servers do), but an LLM does not end two requests at the same moment after the same time.
    const same = m.type === 'llm_metrics' && teller.at === m.timestamp && teller.took === m.durationMs;
    return teller.label !== m.label || same;
  }
}
