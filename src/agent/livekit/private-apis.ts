import type { TracerProvider } from '@opentelemetry/api';
import type { tracing } from '@opentelemetry/sdk-node';
import { descriptionOf, testedVersions } from '../../package.ts';

/**
 * Everything that Talkgauge uses of other packages beyond their documented API, in one place: what it is, what for, and
 * what is lost without it. docs/private-apis.md is compared with it. Each is read by a function of this file, or of
 * `processes-of-sdk.ts`, which looks whether it is there; one that is not is warned about once in a process, and costs
 * data: never a call, and never content that should have been withheld.
 */
export const privateApis = {
  redaction: {
    name: '`AgentSession._redactionEnabled`',
    use: 'whether LiveKit demands redaction of a session',
    lost: 'what was said is withheld, unless the options of the session say that no redaction is demanded',
  },
  processMain: {
    name: '`ipc/job_proc_lazy_main` and `ipc/inference_proc_lazy_main`, the main modules of processes',
    use: 'to distinguish jobs from workers, and jobs among the processes that a worker forks',
    lost: "any process that the SDK forks with a main module of its own is taken for a job's",
  },
  processMessages: {
    name: 'the messages `startJobRequest`, `initializeResponse` and `exiting` between a worker and its processes',
    use: 'when a job begins, how long its process took to be ready, how it ends',
    lost: '`lk_agents_active_job_count`, `lk_agents_job_exits_total` and `lk_agents_proc_initialize_duration_seconds` get no samples',
  },
  adapterLabels: {
    name: 'the labels of `FallbackAdapter` and `StreamAdapter`',
    use: 'not to count a request twice that an adapter repeats',
    lost: 'adapters are recognised by the names of their classes: those within a custom adapter count twice',
  },
  server: {
    name: '`AgentServer.prototype.run`, and its event `worker_msg`',
    use: "the worker's load, and the name that it registers under",
    lost: '`lk_agents_worker_load` is missing, and `agent_name` of the worker is `unknown` unless it is given',
  },
  shutdownCallbacks: {
    name: '`JobContext.shutdownCallbacks`',
    use: 'to wait for shutdown callbacks that were added before the session was observed',
    lost: 'spans and log lines of those callbacks may be lost',
  },
  uploadMetadata: {
    name: '`JobContext._otelMetadata`',
    use: 'to mark, for an own gateway, what the job sends to Tempo and Loki itself',
    lost: 'behind an own gateway, spans and log lines are in Tempo and Loki twice',
  },
  turnContext: {
    name: '`SpeechHandle._agentTurnContext`',
    use: 'to link a sample with the span of its turn',
    lost: 'exemplars link to the span that is active, or to the trace',
  },
  loggerStream: {
    name: "the SDK's logger at `Symbol.for('@livekit/agents:logger')`, and its pino multistream",
    use: "to send lines of the agent's log",
    lost: 'no log lines are sent; records of the conversation are',
  },
  spanProcessors: {
    name: "`_activeSpanProcessor._spanProcessors` of a `TracerProvider` of OpenTelemetry's SDK 2",
    use: "to join a provider of the user's own",
    lost: 'no spans are sent of a provider that Talkgauge cannot join; make it with `@opentelemetry/sdk-trace-node` 2',
  },
  apiGlobals: {
    name: "`Symbol.for('opentelemetry.js.api.1')`, where OpenTelemetry's API keeps what is registered",
    use: "to say why a `MeterProvider` of the user's own keeps OpenTelemetry's metrics away from `/metrics`",
    lost: 'the warning names another reason; the provider stays all the same',
  },
  socketDescriptor: {
    name: '`net.Socket._handle.fd` of Node.js',
    use: 'to write to the worker at once, also while the process exits',
    lost: 'samples of the last moment are lost when a job leaves by `process.exit`',
  },
  inferenceRunner: {
    name: '`InferenceRunner.registerRunner`',
    use: "to run the simulated call centre without the process of LiveKit's turn detection; your own agents keep it",
    lost: 'the worker of the simulation has one process more, which takes 330 MB',
  },
  egressTexts: {
    name: "the texts of errors of LiveKit's server and egress",
    use: 'to say why a room was not recorded',
    lost: 'the code of the error follows from its status alone, or is `unknown`',
  },
} as const satisfies Record<string, { name: string; use: string; lost: string }>;

export type PrivateApi = keyof typeof privateApis;

const key = Symbol.for('talkgauge.privateApis');

/** Warns that a private API is not where it was, once in a process, also if it has loaded Talkgauge twice. */
export function warnMissing(api: PrivateApi): void {
  const holder = globalThis as { [key]?: Set<PrivateApi> };
  holder[key] ??= new Set();
  if (holder[key].has(api)) return;
  holder[key].add(api);
  const { name, lost } = privateApis[api];
  console.warn(
    `talkgauge: ${name.replaceAll('`', '')} is not there any more, or not as it was; the consequence: ` +
      `${lost.replaceAll('`', '')}. Talkgauge was tested with ${descriptionOf(testedVersions)}; see docs/private-apis.md`,
  );
}

/** What reading it gave, or, with a warning, undefined: it is not there, or not of the kind that it was. */
function read<T>(api: PrivateApi, get: () => unknown, is: (value: unknown) => boolean): T | undefined {
  try {
    const value = get();
    if (is(value)) return value as T;
  } catch {
    // A getter may throw; that is no better than none.
  }
  warnMissing(api);
  return undefined;
}

const isFunction = (value: unknown): boolean => typeof value === 'function';
type Fields = Record<string, unknown>;

/** Whether LiveKit demands redaction of a session; undefined: the SDK has no such flag. */
export const redactionFlagOf = (session: object): boolean | undefined =>
  read(
    'redaction',
    () => (session as Fields)._redactionEnabled,
    (flag) => typeof flag === 'boolean',
  );

/** The callbacks of a job that were added so far: the list itself. */
export const shutdownCallbacksOf = (job: object): (() => Promise<void>)[] | undefined =>
  read('shutdownCallbacks', () => (job as Fields).shutdownCallbacks, Array.isArray);

type UploadMetadata = (...options: unknown[]) => Record<string, boolean | string> | undefined;

/** Wraps the attributes that the SDK adds to each span, line and report that it uploads of a job. */
export function wrapUploadMetadata(job: object, wrap: (made: UploadMetadata) => UploadMetadata): void {
  const made = read<UploadMetadata>('uploadMetadata', () => (job as Fields)._otelMetadata, isFunction);
  if (made && Object.isExtensible(job)) {
    (job as Fields)._otelMetadata = wrap((...options) => made.apply(job, options));
  }
}

/** The span context of a speech's turn, which the SDK sets on its handle when the turn begins. */
export const turnContextOf = (handle: object): unknown =>
  read<{ context: unknown }>(
    'turnContext',
    () => '_agentTurnContext' in handle && { context: handle._agentTurnContext },
    (found) => found !== false,
  )?.context;

/** Where both builds of the SDK keep their logger (pino's). */
export const loggerKey = Symbol.for('@livekit/agents:logger');

/** pino's stream that writes to several others, which the SDK's logger and its children share. */
export interface Multistream {
  add(entry: { level: number; stream: { write(line: string): void } }): unknown;
  streams: { stream: unknown }[];
}

export function multistreamOf(logger: unknown): Multistream | undefined {
  const find = () => {
    for (let holder = logger as object | null; holder; holder = Object.getPrototypeOf(holder)) {
      for (const symbol of Object.getOwnPropertySymbols(holder)) {
        if (symbol.description === 'pino.stream') return (logger as Record<symbol, unknown>)[symbol];
      }
    }
    return undefined;
  };
  return read('loggerStream', find, (stream) => {
    const { add, streams } = (stream ?? {}) as Partial<Multistream>;
    return isFunction(add) && Array.isArray(streams);
  });
}

/** The processors of a foreign provider: OpenTelemetry 2 has no API to add one to it. */
export const spanProcessorsOf = (provider: TracerProvider): tracing.SpanProcessor[] | undefined =>
  read(
    'spanProcessors',
    () => ((provider as unknown as Fields)._activeSpanProcessor as Fields | undefined)?._spanProcessors,
    Array.isArray,
  );

/** What a server does when it runs; on its prototype, because `cli.runApp` keeps its server to itself. */
export const serverRunOf = (prototype: object): ((...args: unknown[]) => Promise<void>) | undefined =>
  read('server', () => (prototype as Fields).run, isFunction);

interface ServerEvents {
  on(name: 'worker_msg', listener: (message: object) => void): unknown;
  off(name: 'worker_msg', listener: (message: object) => void): unknown;
}

/** The emitter of the messages that a server sends to LiveKit. */
export const serverEventsOf = (server: object): ServerEvents | undefined =>
  read(
    'server',
    () => (server as Fields).event,
    (event) => isFunction((event as ServerEvents)?.on) && isFunction((event as ServerEvents)?.off),
  );

/** Has a worker start no process for models of the SDK's own, if it is called before the worker runs. */
export function startNoInferenceProcess(runner: object | undefined): void {
  if (read('inferenceRunner', () => (runner as Fields).registerRunner, isFunction)) {
    (runner as Fields).registerRunner = () => {};
  }
}
