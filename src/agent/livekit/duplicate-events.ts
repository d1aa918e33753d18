import type { metrics } from '@livekit/agents';
import { isAdapter } from '../../private-apis/readers.ts';
import { warnMissing } from '../../private-apis/table.ts';
import { RecentMap } from '../../session/recent-map.ts';
import { processState } from './process-state.ts';
import { loadedSdk, type Sdk } from './sdk.ts';

/**
 * Distinguishes a session's own events from those of another session in the same process that shares a model instance with
 * it: the SDK emits each event of an instance to every session that uses it.
 */
export class DuplicateDetection {
  readonly #speeches = new RecentMap<string, true>(1024);
  readonly #sinceStart: boolean;

  /** @param sinceStart whether every speech of the session is known, because it has been observed all along */
  constructor(sinceStart: boolean) {
    this.#sinceStart = sinceStart;
    processState().speeches.add(this.#speeches);
  }

  speechCreated(speechId: string): void {
    this.#speeches.set(speechId, true);
  }

  /** Whether this session is the one to count these metrics. */
  owns(m: metrics.AgentMetrics): boolean {
    const speechId = 'speechId' in m ? m.speechId : undefined;
    if (speechId && !this.#speeches.has(speechId)) {
      const others = processState().speeches;
      const anothers = [...others].some((speeches) => speeches !== this.#speeches && speeches.has(speechId));
      if (anothers || this.#sinceStart) return false;
    }
    return this.claim(m);
  }

  /** Whether this session is the first to have the event. */
  claim(event: object): boolean {
    const { claimed } = processState();
    if (claimed.has(event)) return false;
    claimed.add(event);
    return true;
  }

  close(): void {
    processState().speeches.delete(this.#speeches);
  }
}

interface Models {
  llm?: unknown;
  tts?: unknown;
  stt?: unknown;
}

/** Labels of a session's models that are adapters by class, but not by label. */
export function unknownAdapters({ llm, tts, stt }: Models, sdk: Sdk): string[] {
  const classes = [
    sdk.llm?.FallbackAdapter,
    ...[sdk.tts?.FallbackAdapter, sdk.tts?.StreamAdapter],
    ...[sdk.stt?.FallbackAdapter, sdk.stt?.StreamAdapter],
  ].filter((one) => typeof one === 'function');
  return [llm, tts, stt]
    .filter((model) => classes.some((one) => model instanceof one))
    .map((model) => labelOf(model as { label: unknown }))
    .filter((label) => label !== undefined && !isAdapter(label)) as string[];
}

function labelOf({ label }: { label: unknown }): string | undefined {
  const text = typeof label === 'function' ? label() : label;
  return typeof text === 'string' ? text : undefined;
}

/**
 * The labels of a session's unknown adapters. They are added asynchronously, because the session's build of the SDK has to
 * be found.
 */
export function watchForUnknownAdapters(session: object): ReadonlySet<string> {
  const labels = new Set<string>();
  loadedSdk()
    .then((sdk) => {
      for (const label of sdk ? unknownAdapters(session as Models, sdk) : []) {
        labels.add(label);
        warnMissing('adapterLabels');
      }
    })
    .catch(() => {});
  return labels;
}
