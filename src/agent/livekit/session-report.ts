import type { BillableUnit, billedComponents } from '../../catalogue/labels.ts';
import type { Derivation, Observation } from '../../catalogue/observation.ts';
import { version } from '../../package.ts';
import type { SessionEventName } from '../../session/events.ts';
import { requestGuard, validOrZero } from '../../session/samples.ts';
import { closeReasonOf } from '../../session/session-observer.ts';
import type { TurnSummary } from '../../session/turns.ts';
import type { Journal } from '../reports/journal.ts';
import type { SessionReport } from '../reports/schema.ts';
import { type TextPolicy, toPlainData, withoutTexts, withTexts } from './event-log.ts';
import { type JobRecording, reportedRecording } from './job-recordings.ts';
import { type SdkEvents, seconds } from './sdk-event.ts';

/** The fields of a report that are known from the start of the session. */
export interface ReportHead {
  sdkVersion?: string;
  jobId?: string;
  roomId?: string;
  room?: string;
  session: string;
  agentName: string;
  agentVersion: string;
  traceIds: readonly string[];
}

/** The first line of a journal. */
export interface JournalHead {
  head: ReportHead;
  content: SessionReport['content'];
  /** Whether the report lists the events that follow: the switch `logs`. */
  events: boolean;
  /** The span in which the session was observed, of the first of the head's traces. */
  spanId?: string;
}

/** The data of a report in addition to the events. */
export interface ReportEnd {
  /** The time of the report, in milliseconds since the epoch. */
  at: number;
  derivation: Derivation;
  recordings: readonly JobRecording[];
  /** The session's history. @default what its events contain */
  history?: readonly object[];
  options?: object;
}

export interface ReportContent {
  content: SessionReport['content'];
  /** Edits the texts of the conversation. */
  texts: TextPolicy;
  /** Edits all other texts. */
  edit: TextPolicy['keep'];
  /** Whether the events are listed. */
  events: boolean;
}

/** Events that are not listed: a model's internal figures, and usage, which the report holds once. */
const unlisted: ReadonlySet<SessionEventName> = new Set(['debug_message', 'session_usage_updated']);
/** Maximum number of events in a report, their total length as JSON, and the number of turns. */
const maxEvents = 20_000;
const maxLength = 8_000_000;
const maxTurns = 5000;
/** The SDK's options that are data, but not content. */
const optionNames = [
  ...['maxToolSteps', 'userAwayTimeout', 'transcriptionTimeout', 'aecWarmupDuration', 'turnHandling'],
  ...['ttsReadIdleTimeout', 'forwardAudioIdleTimeout', 'useTtsAlignedTranscript', 'ttsTextTransforms'],
  'recordingOptions',
];

type Plain = Record<string, unknown>;

/** Builds a session's report from its events and the observations made of them. */
export class SessionReportBuilder {
  readonly #head: ReportHead;
  readonly #contentPolicy: () => ReportContent;
  readonly #journal: Pick<Journal, 'append'> | undefined;
  readonly #usage = new BilledUsage();
  readonly #latencies: { e2eLatency: number }[] = [];
  readonly #turns: SessionReport['turns'] = [];
  readonly #events: Plain[] = [];
  readonly #counts = { turns: 0, interruptions: 0, toolCalls: 0, toolErrors: 0, handoffs: 0, errors: 0 };
  readonly #items: object[] = [];
  #modelUsage: readonly object[] = [];
  #listed = 0;
  #length = 0;
  #dropped = 0;
  #startedAt: number | undefined;
  #closed: { at: number; closeReason: SessionReport['closeReason']; error?: unknown } | undefined;

  /**
   * @param contentPolicy called for each event, because LiveKit may demand redaction when a session starts
   * @param journal receives everything that is needed to rebuild the report
   */
  constructor(head: ReportHead, contentPolicy: () => ReportContent, journal?: Pick<Journal, 'append'>) {
    this.#head = head;
    this.#contentPolicy = contentPolicy;
    this.#journal = journal;
  }

  /** @param repeated whether another session in this process has counted the event */
  event<E extends SessionEventName>(name: E, event: SdkEvents[E], repeated = false): void {
    this.#readers[name]?.(event as never);
    const { events, texts } = this.#contentPolicy();
    if ((!events && !this.#journal) || unlisted.has(name)) return;
    if (name === 'user_input_transcribed' && !(event as SdkEvents['user_input_transcribed']).isFinal) return;
    const one = toListedEvent(name, event, texts, repeated);
    this.#length += JSON.stringify(one).length;
    this.#listed += 1;
    if (this.#listed > maxEvents || this.#length > maxLength) {
      if (events) this.#dropped += 1;
      return;
    }
    if (events) this.#events.push(one);
    this.#journal?.append(one);
  }

  samples(observations: readonly Observation[]): void {
    for (const sample of observations) {
      this.#usage.add(sample);
      if (sample.metric === 'lk_agents_turn_e2e_latency_seconds') {
        this.#latencies.push({ e2eLatency: sample.value });
      }
    }
  }

  /** Writes a heartbeat to the journal, with the usage, which no listed event has. */
  heartbeat(): void {
    const modelUsage = this.#modelUsage.map((usage) => toPlainData(usage, withoutTexts));
    this.#journal?.append({ type: 'session_usage_updated', usage: { modelUsage } });
  }

  /** Marks the job as crashed at `at` (milliseconds since the epoch), unless the session had ended before. */
  markLost(at: number): void {
    this.#closed ??= { at, closeReason: 'crashed' };
  }

  turn({ outcome, tools, toolSeconds, user, reply, segments }: TurnSummary): void {
    this.#counts.turns += 1;
    if (outcome === 'interrupted') this.#counts.interruptions += 1;
    if (this.#turns.length >= maxTurns) return;
    const latency = validOrZero(reply?.e2eLatency, requestGuard);
    this.#turns.push({
      number: this.#counts.turns,
      outcome,
      tools,
      toolSeconds,
      ...(latency > 0 && { e2eLatency: latency }),
      ...(segments && { segments }),
      user: toPlainData(user, withoutTexts) as Plain,
      ...(reply && { reply: toPlainData(reply, withoutTexts) as Plain }),
    });
  }

  /** The report as of now. */
  report({ at, derivation, recordings, history, options = {} }: ReportEnd): SessionReport {
    const { content, texts, edit } = this.#contentPolicy();
    const { traceIds, room, ...head } = this.#head;
    const ended = this.#closed?.at ?? at;
    const known = Object.entries(options).filter(([name]) => optionNames.includes(name));
    return {
      schemaVersion: 1,
      talkgaugeVersion: version,
      ...head,
      ...(content.transcript && content.allowPii && room !== undefined && { room: edit(room, 'room') }),
      ...(this.#startedAt !== undefined && {
        startedAt: this.#startedAt,
        durationSeconds: seconds(ended - this.#startedAt),
      }),
      timestamp: at,
      ...(this.#closed && { closeReason: this.#closed.closeReason }),
      ...(this.#closed?.error !== undefined && { error: failure(this.#closed.error, texts) }),
      content,
      counts: { ...this.#counts },
      latency: latencyOf(this.#latencies),
      turns: this.#turns,
      modelUsage: this.#modelUsage.map((usage) => toPlainData(usage, withoutTexts) as Plain),
      cost: this.#usage.cost(derivation),
      options: toPlainData(Object.fromEntries(known), { ...withTexts, keep: edit }) as Plain,
      recordings: recordings.map((one) => reportedRecording(one, { content, edit }, room)),
      traceIds: [...traceIds],
      chatHistory: { items: (history ?? this.#items).map((item) => toPlainData(item, texts) as Plain) },
      events: this.#events,
      eventsDropped: this.#dropped,
    };
  }

  readonly #readers: { [E in SessionEventName]?: (event: SdkEvents[E]) => void } = {
    agent_state_changed: ({ createdAt }) => {
      this.#startedAt ??= createdAt;
    },
    conversation_item_added: ({ item }) => {
      this.#keep(item);
      if (item.type === 'agent_handoff' && item.oldAgentId) this.#counts.handoffs += 1;
    },
    function_tools_executed: ({ functionCalls, functionCallOutputs }) => {
      this.#counts.toolCalls += functionCalls.length;
      this.#counts.toolErrors += functionCallOutputs.filter((output) => output?.isError).length;
      for (const item of [...functionCalls, ...functionCallOutputs]) if (item) this.#keep(item);
    },
    session_usage_updated: ({ usage }) => {
      this.#modelUsage = usage.modelUsage;
    },
    error: () => {
      this.#counts.errors += 1;
    },
    close: ({ reason, error, createdAt }) => {
      this.#closed = { at: createdAt, closeReason: closeReasonOf(reason), error: error ?? undefined };
    },
  };

  #keep(item: object): void {
    if (this.#items.length < maxEvents) this.#items.push(item);
  }
}

/** An event in the format of the list: plain data with its name, which `speech_done` lacks in the SDK. */
function toListedEvent<E extends SessionEventName>(
  name: E,
  event: SdkEvents[E],
  texts: TextPolicy,
  repeated: boolean,
): Plain {
  const listed = { ...(toPlainData(event, texts) as Plain), type: name, ...(repeated && { repeated }) };
  if (name !== 'close') return listed;
  // A user-defined close reason is free text.
  return { ...listed, reason: closeReasonOf((event as SdkEvents['close']).reason) };
}

/** Why a session ended; only its message may quote anything. */
function failure(error: unknown, texts: TextPolicy): SessionReport['error'] {
  const { type, label, recoverable, message, error: inner } = toPlainData(error, texts) as Plain;
  const text = message ?? (inner as Plain | undefined)?.message;
  return {
    type: typeof type === 'string' ? type : 'unknown',
    ...(typeof label === 'string' && { label }),
    ...(typeof recoverable === 'boolean' && { recoverable }),
    ...(typeof text === 'string' && { message: text }),
  };
}

type Component = (typeof billedComponents)[number];

/** The billed usage of a session, summed up from its observations. */
export class BilledUsage {
  readonly #amounts = new Map<string, { labels: Readonly<Record<string, string>>; amount: number }>();

  add({ metric, labels, value }: Observation): void {
    if (metric !== 'lk_agents_billable_usage_total') return;
    const key = JSON.stringify(labels);
    const known = this.#amounts.get(key);
    if (known) known.amount += value;
    else this.#amounts.set(key, { labels, amount: value });
  }

  /** Its cost, at the prices of the cost series. */
  cost(derivation: Derivation): SessionReport['cost'] {
    const byComponent: Record<string, number> = {};
    const unpriced: SessionReport['cost']['unpriced'] = [];
    for (const { labels, amount } of this.#amounts.values()) {
      const component = labels.component as Component;
      for (const { metric, factor } of derivation.of(labels)) {
        if (metric === 'lk_agents_cost_usd_total') {
          byComponent[component] = (byComponent[component] ?? 0) + amount * factor;
        } else {
          const { model_provider: provider = '', model_name: model = '' } = labels;
          unpriced.push({ component, provider, model, unit: labels.unit as BillableUnit, amount });
        }
      }
    }
    const usd = Object.values(byComponent).reduce((sum, dollars) => sum + dollars, 0);
    // Usage without a price is not free: if there is no other usage, the cost is unknown.
    return { ...((usd > 0 || unpriced.length === 0) && { usd }), byComponent, unpriced };
  }
}

/** The latency of turns that were measured, in seconds; percentiles by nearest rank. */
export function latencyOf(turns: readonly { e2eLatency?: number }[]): SessionReport['latency'] {
  const sorted = turns
    .flatMap(({ e2eLatency }) => (e2eLatency === undefined ? [] : [e2eLatency]))
    .sort((a, b) => a - b);
  if (sorted.length === 0) return { turns: 0 };
  const quantile = (share: number) => sorted[Math.ceil(share * sorted.length) - 1];
  return { turns: sorted.length, p50: quantile(0.5), p95: quantile(0.95), max: sorted.at(-1) };
}
