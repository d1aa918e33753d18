import type { Identity } from '../../catalogue/types.ts';
import type { Recorder } from '../../metrics/recorder.ts';
import type { MeasurementResult, SessionState } from '../store/session-state.ts';
import type { SessionStore } from '../store/session-store.ts';
import type { Telemetry } from '../telemetry.ts';
import { measure } from './measure.ts';
import { hasEnded, readUploadedSession, type UploadedSession } from './uploaded-session.ts';

/** Seconds without an upload after which a session is measured. */
export interface MeasurementDelays {
  /**
   * After its recording, which both SDKs send last, except for spans and logs: these arrive within ten seconds, and are
   * retried for ten more. @default 20
   */
  settled: number;
  /** After its report, without a recording: one may still arrive, and contains the playback latencies. @default 60 */
  unrecorded: number;
  /**
   * After any other upload: its job has crashed. A live call uploads speech, and jobs reconnect after a restart of the
   * gateway. @default 1800
   */
  lost: number;
  /**
   * From the creation of a session's series, at 0, until its figures are added: at least one scrape. For Prometheus, a
   * series that starts with the figures of a session has not increased. @default 60
   */
  announced: number;
  /** After the first attempt that failed, as on a full disk; twice as long after each further one, up to five minutes. @default 5 */
  failed: number;
}

export const defaultMeasurementDelays: MeasurementDelays = {
  settled: 20,
  unrecorded: 60,
  lost: 1800,
  announced: 60,
  failed: 5,
};

/** Maximum number of attempts to measure a session, over about 20 minutes. */
const maxAttempts = 10;
const maxPause = 300;

/** Sessions without an upload for this many seconds are not measured after a restart. */
const horizon = 86_400;
/** Milliseconds between checks for due sessions. */
const interval = 500;

export interface MeasurementSchedulerOptions {
  store: SessionStore;
  recorder: Recorder;
  telemetry: Telemetry;
  /** Whether uploads wait to be processed, so that a session may have more data than is stored. */
  isBehind: () => boolean;
  delays?: Partial<MeasurementDelays>;
  /** Unix seconds. @default the system's clock */
  now?: () => number;
  /** Called once for each session, after it has ended and was measured, or is measured by its job. */
  onEnded?: (state: SessionState, session: UploadedSession) => Promise<void>;
  log: (message: string) => void;
}

/**
 * Records each session in the series of the catalogue, once: when it has ended and no more uploads arrive. The measurement
 * is recorded on disk before its figures count, so that a crash loses figures rather than counting them twice.
 */
export class MeasurementScheduler {
  readonly #options: MeasurementSchedulerOptions & { now: () => number; delays: MeasurementDelays };
  readonly #activeSessions: ActiveSessions;
  /** The due time of each session, in unix seconds. */
  readonly #due = new Map<string, number>();
  /** Failed attempts since the last upload of a session. */
  readonly #failures = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #work: Promise<void> = Promise.resolve();
  #closed = false;

  private constructor(options: MeasurementSchedulerOptions) {
    this.#options = {
      ...options,
      now: options.now ?? (() => Date.now() / 1000),
      delays: { ...defaultMeasurementDelays, ...options.delays },
    };
    this.#activeSessions = new ActiveSessions(options.recorder);
    options.store.events.on('sessionChanged', this.#changed);
  }

  /** Resumes sessions that were not measured before the gateway stopped. */
  static start(options: MeasurementSchedulerOptions): MeasurementScheduler {
    const measuring = new MeasurementScheduler(options);
    measuring.#work = measuring.#resume();
    measuring.#next();
    return measuring;
  }

  /** Stops; due sessions are measured after the next start. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#options.store.events.off('sessionChanged', this.#changed);
    await this.#work;
  }

  readonly #changed = (id: string, _summary: unknown, state?: SessionState): void => {
    this.#failures.delete(id);
    if (!state || state.measured) {
      this.#due.delete(id);
      this.#activeSessions.end(id);
      return;
    }
    const { settled, unrecorded, lost } = this.#options.delays;
    const delay = !hasEnded(state) ? lost : state.recorded ? settled : unrecorded;
    this.#due.set(id, state.receivedAt + delay);
    // Without a span, it is not yet known whether the session is observed in its job.
    if (hasEnded(state) || state.observed || state.counts.spans === 0) this.#activeSessions.end(id);
    else this.#activeSessions.start(id, identityOf(state));
  };

  async #resume(): Promise<void> {
    const { store, now, delays } = this.#options;
    const started = now();
    const since = started - horizon;
    for (const { id, receivedAt } of [...store.index.summaries()]) {
      if (this.#closed) return;
      if (receivedAt < since || this.#due.has(id)) continue;
      const state = await store.state(id).catch(() => undefined);
      if (!state || this.#due.has(id)) continue;
      this.#changed(id, undefined, state);
      // While the gateway was down, no upload could arrive: jobs of live calls reconnect.
      if (!state.measured && !hasEnded(state)) this.#due.set(id, started + delays.lost);
    }
  }

  #next(): void {
    this.#timer = setTimeout(() => {
      this.#work = this.#work.then(() => this.#measureDue()).finally(() => this.#closed || this.#next());
    }, interval);
    this.#timer.unref();
  }

  async #measureDue(): Promise<void> {
    const { isBehind, now } = this.#options;
    for (const [id, at] of [...this.#due]) {
      if (this.#closed || isBehind()) return;
      if (at > now()) continue;
      this.#due.delete(id);
      try {
        await this.#measure(id);
        this.#failures.delete(id);
      } catch (error) {
        this.#failed(id, error as NodeJS.ErrnoException);
      }
    }
  }

  #failed(id: string, { code, name }: NodeJS.ErrnoException): void {
    const { now, log, delays, telemetry } = this.#options;
    // A new upload came meanwhile, or the session was deleted.
    if (this.#due.has(id) || !this.#options.store.index.get(id)) return;
    const attempts = (this.#failures.get(id) ?? 0) + 1;
    if (attempts < maxAttempts) {
      this.#failures.set(id, attempts);
      this.#due.set(id, now() + Math.min(maxPause, delays.failed * 2 ** (attempts - 1)));
      return;
    }
    this.#failures.delete(id);
    this.#activeSessions.end(id);
    telemetry.count('talkgauge_gateway_measured_sessions_total', { result: 'failed' });
    log(
      `A session could not be measured (${code ?? name}): it is in no series until the gateway starts again. ` +
        'See whether its data directory is full, and may be written to.',
    );
  }

  async #measure(id: string): Promise<void> {
    const { store, recorder, telemetry, delays, now, onEnded } = this.#options;
    const state = await store.state(id);
    if (!state || state.measured) return;
    const session = await readUploadedSession(store.files(id), state);
    const result = measurementResultOf(state, session);
    const observations = result === 'measured' ? measure(session) : [];
    const identity = identityOf(state);
    const isNew = result === 'measured' && recorder.introduce(identity);
    const added = observations.filter((found) => recorder.prepare(found, identity));
    if ((isNew || added.length > 0) && delays.announced > 0) {
      this.#due.set(id, now() + delays.announced);
      return;
    }
    // If an upload arrived meanwhile, this session is due again.
    if (!(await store.markMeasured(id, result, state.receivedAt))) return;
    this.#activeSessions.end(id);
    telemetry.count('talkgauge_gateway_measured_sessions_total', { result });
    for (const found of observations) recorder.record(found, identity);
    await onEnded?.(state, session);
  }
}

const identityOf = ({ identity: { agentName, agentVersion } }: SessionState): Identity => ({
  agent_name: agentName ?? 'unknown',
  agent_version: agentVersion ?? 'unknown',
});

/** Counts live sessions that are not counted by their job. */
export class ActiveSessions {
  readonly #recorder: Recorder;
  readonly #running = new Map<string, Identity>();

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
  }

  start(id: string, identity: Identity): void {
    const known = this.#running.get(id);
    if (known?.agent_name === identity.agent_name && known.agent_version === identity.agent_version) return;
    this.end(id);
    this.#running.set(id, identity);
    this.#recorder.introduce(identity);
    this.#add(identity, 1);
  }

  end(id: string): void {
    const identity = this.#running.get(id);
    if (!identity) return;
    this.#running.delete(id);
    this.#add(identity, -1);
  }

  #add(identity: Identity, value: number): void {
    this.#recorder.record({ metric: 'lk_agents_sessions_active', labels: {}, value }, identity);
  }
}

/**
 * Determines who measures a session. A marker in either its report or a span is enough: omitting a session is better than
 * counting it twice, for example with an SDK whose report lacks the marker.
 */
export function measurementResultOf(
  { observed }: SessionState,
  { report, spans, items }: UploadedSession,
): MeasurementResult {
  if (observed) return 'observed';
  return report || spans.length > 0 || items.length > 0 ? 'measured' : 'insufficient_data';
}
