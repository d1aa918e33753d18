import { isAdapter } from '../private-apis/readers.ts';
import type { MetricsEvent, MetricsEventOf } from './events.ts';
import { RecentMap } from './recent-map.ts';
import { elapsed, rounded } from './samples.ts';

type TtsMetrics = MetricsEventOf<'tts_metrics'>;

/** How long a streamed event may wait for the sentence that it duplicates, in seconds; usually it takes a few milliseconds. */
const maxWaitSeconds = 1;
/** How many sentences are remembered; a speech has fewer. */
const maxSentences = 64;

/** How a metrics event, and earlier events that waited for it, are to be counted. */
export interface Classification {
  /** Events to count, in the order in which they arrived. */
  count: MetricsEvent[];
  /** Events that report what another event has reported. */
  duplicates: MetricsEvent[];
}

/**
 * Detects streamed TTS events that duplicate events of single sentences.
 *
 * A TTS that cannot stream is used through the SDK's stream adapter (tts/stream_adapter.ts). It reports each
 * sentence (`streamed: false`). Under the same label, the adapter's stream reports the text of all sentences with
 * the audio of the first ones (`streamed: true`). The streamed event usually arrives a few milliseconds before
 * the last sentence, sometimes after it. So a streamed event waits for a sentence that it duplicates, unless its
 * label is known to stream natively.
 */
export class StreamedTtsDuplicates {
  #sentences: TtsMetrics[] = [];
  #waiting: TtsMetrics[] = [];
  /** Labels whose streamed events duplicate nothing. */
  readonly #streaming: Set<string>;

  /** @param streaming labels that are known to stream natively; their events do not wait */
  constructor(streaming: readonly string[] = []) {
    this.#streaming = new Set(streaming);
  }

  classify(m: TtsMetrics): Classification {
    if (!m.streamed) {
      this.#sentences = [...this.#sentences.slice(1 - maxSentences), m];
      const duplicates = this.#waiting.filter((waiting) => duplicatesSentence(waiting, m));
      this.#waiting = this.#waiting.filter((waiting) => !duplicates.includes(waiting));
      return { count: [m], duplicates };
    }
    if (this.#sentences.some((sentence) => duplicatesSentence(m, sentence)))
      return { count: [], duplicates: [m] };
    const speaksSentences = this.#sentences.some(({ label }) => label === m.label);
    if (this.#streaming.has(m.label) && !speaksSentences) return { count: [m], duplicates: [] };
    this.#waiting.push(m);
    return { count: [], duplicates: [] };
  }

  /** The events for which no sentence arrived before `now`. */
  expired(now: number): TtsMetrics[] {
    if (this.#waiting.length === 0) return []; // called for every event of a session
    // An event without a timestamp does not wait.
    const expired = this.#waiting.filter(({ timestamp }) => !(elapsed(timestamp, now) <= maxWaitSeconds));
    if (expired.length === 0) return expired;
    this.#waiting = this.#waiting.filter((waiting) => !expired.includes(waiting));
    for (const { label } of expired) this.#streaming.add(label);
    return expired;
  }
}

/** Whether a streamed event duplicates a sentence. It has the request id of its last sentence. */
function duplicatesSentence(streamed: TtsMetrics, sentence: TtsMetrics): boolean {
  if (streamed.label !== sentence.label) return false;
  if (streamed.requestId || sentence.requestId) return streamed.requestId === sentence.requestId;
  return (
    streamed.speechId === sentence.speechId &&
    sentence.audioDuration > 0 &&
    // Both were rounded to a millisecond.
    rounded(sentence.audioDuration - streamed.audioDuration) <= 0.001
  );
}

interface FirstReport {
  label: string;
  timestamp: number;
  duration: number;
}

/** Detects duplicate metrics events of one session. */
export class Duplicates {
  /** The first report of each request, by request id. */
  readonly #firstReports = {
    llm_metrics: new RecentMap<string, FirstReport>(4096),
    tts_metrics: new RecentMap<string, FirstReport>(4096),
  };
  readonly #streamedTts: StreamedTtsDuplicates;

  /** @param streaming labels of TTS that are known to stream natively */
  constructor(streaming: readonly string[] = []) {
    this.#streamedTts = new StreamedTtsDuplicates(streaming);
  }

  /** Classifies `m`. An event that has to wait is part of a later classification. */
  classify(m: MetricsEvent): Classification {
    if (this.#isDuplicate(m)) return { count: [], duplicates: [m] };
    return m.type === 'tts_metrics' ? this.#streamedTts.classify(m) : { count: [m], duplicates: [] };
  }

  /** The events whose wait has ended at `now` (unix seconds): they are no duplicates. */
  expired(now: number): MetricsEvent[] {
    return this.#streamedTts.expired(now);
  }

  #isDuplicate(m: MetricsEvent): boolean {
    if (m.type !== 'llm_metrics' && m.type !== 'tts_metrics' && m.type !== 'stt_metrics') return false;
    if (isAdapter(m.label)) return true;
    // Streaming STT reports usage many times under one request id, and an empty id identifies nothing.
    if (m.type === 'stt_metrics' || !m.requestId) return false;
    const reports = this.#firstReports[m.type];
    const first = reports.get(m.requestId);
    if (first === undefined) {
      reports.set(m.requestId, { label: m.label, timestamp: m.timestamp, duration: m.duration });
      return false;
    }
    // A user's own adapter has another label than the model that it wraps. A provider may use an id twice
    // (local servers do), but an LLM does not end two requests at the same time with the same duration.
    const same =
      m.type === 'llm_metrics' &&
      Object.is(first.timestamp, m.timestamp) &&
      Object.is(first.duration, m.duration);
    return first.label !== m.label || same;
  }
}
