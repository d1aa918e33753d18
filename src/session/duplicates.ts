import type { metrics } from '@livekit/agents';
import { RecentMap } from './recent.ts';
import { Retellings, type Verdict } from './retellings.ts';

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
