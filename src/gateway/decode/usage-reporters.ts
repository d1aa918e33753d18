import { isAdapter } from '../../session/duplicates.ts';
import { parsed, record, text } from './attribute-value.ts';
import type { SpanRecord } from './records.ts';
import type { UsageEntry } from './session-report.ts';

/** Who told of the requests to a model: at least once the model itself, or never any but an adapter around others. */
export type Tellers = Readonly<Record<string, 'model' | 'adapter'>>;

const kinds: Readonly<Record<string, { component: UsageEntry['component']; attribute: string }>> = {
  llm_request: { component: 'llm', attribute: 'lk.llm_metrics' },
  tts_request: { component: 'tts', attribute: 'lk.tts_metrics' },
};

/** A session has a handful; more names come from a tracer of the user's own. */
const maxTellers = 64;

const keyOf = ({ component, provider, model }: Omit<UsageEntry, 'amounts'>): string =>
  `${component} ${provider} ${model}`;

/** What is known with one more span; the same object if that is nothing new. */
export function withTeller(known: Tellers = {}, { name, attributes }: SpanRecord): Tellers {
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  const metrics = kind && parsed(attributes[kind.attribute]);
  if (!kind || !metrics || metrics.type === undefined) return known;
  const metadata = record(metrics.metadata);
  const key = keyOf({
    component: kind.component,
    provider: text(metadata.modelProvider ?? metadata.model_provider) ?? 'unknown',
    model: text(metadata.modelName ?? metadata.model_name) ?? 'unknown',
  });
  const teller = isAdapter(text(metrics.label) ?? '') ? 'adapter' : 'model';
  if (known[key] === 'model' || known[key] === teller) return known;
  if (known[key] === undefined && Object.keys(known).length >= maxTellers) return known;
  return { ...known, [key]: teller };
}

/** A report counts what a fallback adapter tells, and once more what the models behind it do. */
export const isRepetition = (entry: UsageEntry, tellers: Tellers = {}): boolean =>
  tellers[keyOf(entry)] === 'adapter';
