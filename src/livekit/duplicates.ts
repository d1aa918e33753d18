import type { metrics } from '@livekit/agents';
import { RecentSet } from './recent.ts';

/**
 * The labels of the SDK's adapters. An adapter's own event repeats its child's (llm/fallback_adapter.ts,
 * tts/fallback_adapter.ts, stt/stream_adapter.ts: they forward the child's and emit one of their own).
 */
const adapter = /^(?:FallbackAdapter$|(?:llm|stt|tts)\.(?:FallbackAdapter$|StreamAdapter<))/;

export const isAdapter = (label: string): boolean => adapter.test(label);

/** Recognises the metrics events of one session that repeat another one. */
export class Duplicates {
  readonly #seen = new RecentSet<string>(4096);
  /** Unstreamed syntheses by label, since the last streamed one; a stream adapter sums them up. */
  readonly #sentences = new Map<string, { audioMs: number; count: number; speechId?: string }>();

  /** Whether `m` tells again what an earlier event told. */
  repeats(m: metrics.AgentMetrics): boolean {
    if (m.type !== 'llm_metrics' && m.type !== 'tts_metrics' && m.type !== 'stt_metrics') return false;
    if (isAdapter(m.label)) return true;
    // Streaming STT reports usage many times under one request id: those are parts, not repetitions.
    if (m.type === 'stt_metrics') return false;
    if (m.type === 'tts_metrics' && this.#sumsUp(m)) return true;
    // An empty id names nothing.
    if (!m.requestId) return false;
    const segment = m.type === 'tts_metrics' ? (m.segmentId ?? '') : '';
    return !this.#seen.add(`${m.type} ${m.requestId} ${segment}`);
  }

  /**
   * A stream adapter around a TTS that cannot stream reports each sentence (unstreamed), and then, as a
   * streamed event under the same label, all of them again: its audio is the sum of theirs, or less where
   * the speech was cut short.
   */
  #sumsUp(m: metrics.TTSMetrics): boolean {
    const sentences = this.#sentences.get(m.label);
    if (!m.streamed) {
      this.#sentences.set(m.label, {
        audioMs: (sentences?.audioMs ?? 0) + m.audioDurationMs,
        count: (sentences?.count ?? 0) + 1,
        speechId: m.speechId,
      });
      return false;
    }
    this.#sentences.delete(m.label);
    if (!sentences) return false;
    if (m.cancelled && m.speechId) return m.speechId === sentences.speechId;
    // Each duration was rounded to a millisecond by itself.
    return Math.abs(sentences.audioMs - m.audioDurationMs) <= sentences.count + 1;
  }
}
