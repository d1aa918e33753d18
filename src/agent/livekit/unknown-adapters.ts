import { isAdapter } from '../../session/duplicates.ts';
import { warnMissing } from './private-apis.ts';
import { loadedSdk, type Sdk } from './sdk.ts';

interface Models {
  llm?: unknown;
  tts?: unknown;
  stt?: unknown;
}

/** Labels of a session's models that are adapters by their class, though their labels are not those of adapters. */
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
 * The labels of a session's adapters that Talkgauge does not know, as far as they are found: that takes a moment, for the
 * SDK that the session is of has to be found.
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
