import type { BillableUnit } from '../../catalogue/labels.ts';
import { splitInput, splitOutput, validAmount } from '../../pricing/token-split.ts';
import { type Attributes, type AttributeValue, flag, list, number, record, text } from './attribute-value.ts';

/** The usage of one model in a session. Durations are seconds. */
export interface UsageEntry {
  component: 'llm' | 'tts' | 'stt' | 'interruption' | 'eot';
  provider: string;
  model: string;
  /** The SDK's figures under the names of the Python SDK, with durations in seconds (`audio_duration`). */
  amounts: Readonly<Record<string, number>>;
}

/** The report that an SDK sends at the end of a session. */
export interface SessionReport {
  /** Unix seconds at which the session began. */
  startedAt?: number;
  /** Unix seconds at which the report was made, right after the session closed. */
  reportedAt?: number;
  agentName?: string;
  sdkVersion?: string;
  /** `nodejs` or `python`, by the spelling of its options: the only source in a session without spans. */
  language?: string;
  /** The parts that recording excluded: `traces`, `logs`, `audio`, `transcript`. */
  unrecorded?: string[];
  /** The session's options, in the spelling and units of their SDK. */
  options: Attributes;
  usage: UsageEntry[];
  tags: string[];
}

const components = {
  llm_usage: 'llm',
  tts_usage: 'tts',
  stt_usage: 'stt',
  interruption_usage: 'interruption',
  eot_usage: 'eot',
} as const;

const snake = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** `audioDurationMs: 7080` (Node.js) and `audio_duration: 7.08` (Python) alike become `audio_duration: 7.08`. */
function amountsOf(wire: Attributes): Record<string, number> {
  const found: Record<string, number> = {};
  for (const [key, value] of Object.entries(wire)) {
    const amount = number(value);
    if (amount === undefined || typeof value === 'string') continue;
    const name = snake(key);
    if (name.endsWith('_ms')) found[name.slice(0, -3)] = amount / 1000;
    else found[name] = amount;
  }
  return found;
}

function usageOf(value: AttributeValue): UsageEntry[] {
  const wire = record(value);
  const type = text(wire.type);
  if (type === undefined || !Object.hasOwn(components, type)) return [];
  return [
    {
      component: components[type as keyof typeof components],
      provider: text(wire.provider) ?? 'unknown',
      model: text(wire.model) ?? 'unknown',
      amounts: amountsOf(wire),
    },
  ];
}

/** Unix seconds: Python sends those, Node.js milliseconds. Seconds reach this limit in the year 5138. */
const timestamp = (value: AttributeValue | undefined): number | undefined => {
  const at = number(value);
  if (at === undefined || at <= 0) return undefined;
  return at > 1e11 ? at / 1000 : at;
};

function languageOf(options: Attributes): string | undefined {
  if ('maxToolSteps' in options) return 'nodejs';
  return 'max_tool_steps' in options ? 'python' : undefined;
}

const unrecordedOf = ({ recordingOptions, recording_options: python }: Attributes): string[] =>
  Object.entries(record(recordingOptions ?? python)).flatMap(([what, on]) =>
    what !== 'redaction' && flag(on) === false ? [what] : [],
  );

/** @param at unix seconds of the log record that carries the report: when the session began */
export function sessionReportOf(attributes: Attributes, at: number): SessionReport {
  const options = record(attributes['session.options']);
  return {
    // The SDKs' nanoseconds are slightly wrong; their resolution is milliseconds.
    startedAt: at > 0 ? Math.round(at * 1000) / 1000 : undefined,
    reportedAt: timestamp(attributes['session.report_timestamp']),
    agentName: text(attributes.agent_name),
    sdkVersion: text(attributes.sdk_version),
    language: languageOf(options),
    unrecorded: unrecordedOf(options),
    options,
    usage: list(attributes.usage).flatMap(usageOf),
    tags: list(attributes['session.tags']).flatMap((tag) => text(tag) ?? []),
  };
}

/** The amounts of an entry in the units in which models are billed; token counts are disjoint. */
export function billableOf({ component, amounts }: UsageEntry): [unit: BillableUnit, amount: number][] {
  const found: [BillableUnit, number][] = [];
  const take = (unit: BillableUnit, amount: number | undefined) => {
    if (validAmount(amount) > 0) found.push([unit, validAmount(amount)]);
  };
  const audio = (tokens: number) => {
    take('audio_seconds', amounts.audio_duration);
    if (tokens === 0) take('audio_seconds_without_tokens', amounts.audio_duration);
  };
  const { input_tokens: input, output_tokens: output } = amounts;
  switch (component) {
    case 'llm':
      splitInput(
        {
          total: input,
          cached: amounts.input_cached_tokens,
          cacheWritten: amounts.input_cache_creation_tokens,
          audio: amounts.input_audio_tokens,
          image: amounts.input_image_tokens,
          cachedAudio: amounts.input_cached_audio_tokens,
          cachedImage: amounts.input_cached_image_tokens,
        },
        take,
      );
      splitOutput({ total: output, audio: amounts.output_audio_tokens }, take);
      take('session_seconds', amounts.session_duration);
      break;
    case 'tts':
      take('characters', amounts.characters_count);
      take('input_tokens', input);
      take('output_audio_tokens', output);
      audio(validAmount(input) + validAmount(output));
      break;
    case 'stt':
      take('input_audio_tokens', input);
      take('output_tokens', output);
      audio(validAmount(input) + validAmount(output));
      break;
    default:
      take('requests', amounts.total_requests);
  }
  return found;
}
