import { existsSync } from 'node:fs';
import type { Socket } from 'node:net';
import { basename, join } from 'node:path';
import { type Fields, isFunction, isObject, type Method, read, warnMissing, wrapMethod } from './table.ts';

/** What is installed, as far as it is known when a process starts. */
export interface Installed {
  /** The exports of LiveKit's SDK. */
  sdk?: object;
  /** The folder of the SDK's build. */
  folder?: string;
  /** The registry that is served. */
  registry?: object;
}

/**
 * Checks, before the first call, what can be seen without one: classes and their methods, main modules of processes, fields of
 * the registry. What hangs on a session, job, process or socket is checked when there is one.
 */
export function checkPrivateApis({ sdk, folder, registry }: Installed): void {
  if (sdk) {
    const methods = [
      ['serverRun', 'AgentServer', 'run'],
      ['uploadMetadata', 'JobContext', '_otelMetadata'],
    ] as const;
    const prototypeOf = (exported: unknown) => (exported as { prototype: Fields }).prototype;
    for (const [api, name, method] of methods) {
      read(api, () => prototypeOf((sdk as Fields)[name])[method], isFunction);
    }
    read('sessionStart', () => prototypeOf((sdk as { voice: Fields }).voice.AgentSession).start, isFunction);
    const adapters = [
      ['llm', 'FallbackAdapter'],
      ['tts', 'FallbackAdapter'],
      ['tts', 'StreamAdapter'],
      ['stt', 'FallbackAdapter'],
      ['stt', 'StreamAdapter'],
    ] as const;
    for (const [kind, name] of adapters) {
      read('adapterLabels', () => (sdk as Record<string, Fields>)[kind]?.[name], isFunction);
    }
  }
  if (folder !== undefined) {
    const there = (name: string) =>
      ['.js', '.cjs'].some((end) => existsSync(join(folder, 'ipc', name + end)));
    read(
      'processMain',
      () => mainModules.every(there),
      (all) => all === true,
    );
  }
  if (registry) {
    defaultLabelsOf(registry);
    read(
      'promClient',
      () => (registry as { getMetricsAsArray(): Fields[] }).getMetricsAsArray(),
      (metrics) =>
        (metrics as Fields[]).every(
          (metric) => metric.type !== 'histogram' || isFunction(metric.getForPromString),
        ),
    );
  }
}

/** Whether LiveKit demands redaction of a session; undefined: the SDK has no such flag. */
export const redactionFlagOf = (session: object): boolean | undefined =>
  read(
    'redaction',
    () => (session as Fields)._redactionEnabled,
    (flag) => typeof flag === 'boolean',
  );

/** The main modules of the processes that the SDK forks, for a job or for inference. */
const mainModules = ['job_proc_lazy_main', 'inference_proc_lazy_main'] as const;
const mainModule = /[\\/](job|inference)_proc_lazy_main\.[cm]?[jt]s$/;
const moduleOfSdk = /[\\/]@livekit[\\/]agents[\\/]dist[\\/].*\.[cm]?[jt]s$/;

export type ProcessKind = 'job' | 'inference';

/** Of which kind a forked process is, by its main module; undefined: it is none of the SDK's. */
export function kindOfProcess(main: string): ProcessKind | undefined {
  const named = mainModule.exec(main)?.[1] as ProcessKind | undefined;
  if (named || !moduleOfSdk.test(main)) return named;
  warnMissing('processMain');
  return basename(main).includes('inference') ? 'inference' : 'job';
}

/** Those of the messages between a worker and its processes (ipc/message.ts of the SDK) that are read. */
export const processMessages = {
  jobStart: 'startJobRequest',
  ready: 'initializeResponse',
  exiting: 'exiting',
  /** The reason of the last one, if the job's entry function threw. */
  crashed: 'job crashed',
} as const;

/** All of them. */
const knownMessages: ReadonlySet<unknown> = new Set([
  ...['initializeRequest', 'initializeResponse', 'pingRequest', 'pongResponse', 'startJobRequest'],
  ...['shutdownRequest', 'shutdownRequestAck', 'shuttingDown', 'inferenceRequest', 'inferenceResponse'],
  ...['exiting', 'done'],
]);

/** One of them, as far as it is read here. */
export interface ProcessMessage {
  case?: string;
  value?: { reason?: string; runningJob?: { job?: { id?: string } } };
}

/** What a worker sends to a process: only the SDK does. */
export function sentMessageOf(message: unknown): ProcessMessage {
  const sent = messageOf(message);
  if (!knownMessages.has(sent.case)) warnMissing('processMessages');
  return sent;
}

/** What a process sends to its worker: the agent's own code may, too, and anything. */
export const messageOf = (message: unknown): ProcessMessage => (isObject(message) ? (message as object) : {});

/**
 * The labels of the SDK's adapters. An adapter forwards the events of its child and emits one of its own, which
 * is a duplicate (llm/fallback_adapter.ts, tts/fallback_adapter.ts, stt/stream_adapter.ts).
 */
const adapter = /^(?:FallbackAdapter$|(?:llm|stt|tts)\.(?:FallbackAdapter$|StreamAdapter<))/;
/** The same for the Python SDK, whose labels are class names. */
const pythonAdapter =
  /^livekit\.agents\.(?:llm|stt|tts)\.(?:fallback_adapter\.FallbackAdapter|stream_adapter\.StreamAdapter)$/;

export const isAdapter = (label: string): boolean => adapter.test(label) || pythonAdapter.test(label);

/**
 * Wraps what a server does when it runs; on its prototype, because `cli.runApp` keeps its server to itself. Returns what takes
 * the wrapper off again; undefined: there is none.
 */
export const wrapServerRun = <M extends Method>(sdk: object, wrap: (run: M) => M): (() => void) | undefined =>
  wrapMethod('serverRun', {
    of: () => (sdk as Record<string, Fields>).AgentServer?.prototype,
    name: 'run',
    wrap,
  });

/** Wraps what starts a session, on its prototype. */
export const wrapSessionStart = <M extends Method>(
  sdk: object,
  wrap: (start: M) => M,
): (() => void) | undefined =>
  wrapMethod('sessionStart', {
    of: () => (sdk as { voice: Record<string, Fields> }).voice.AgentSession?.prototype,
    name: 'start',
    wrap,
  });

interface ServerEvents {
  on(name: string, listener: (message: object) => void): unknown;
  off(name: string, listener: (message: object) => void): unknown;
}

/** Calls `listener` with each message that a server sends to LiveKit. Returns the end of it. */
export function onServerMessage(server: object, listener: (message: object) => void): () => void {
  const events = read<ServerEvents>(
    'serverMessages',
    () => (server as Fields).event,
    (event) => isFunction((event as ServerEvents)?.on) && isFunction((event as ServerEvents)?.off),
  );
  events?.on('worker_msg', listener);
  return () => void events?.off('worker_msg', listener);
}

/** Replaces the callbacks of a job that were added so far, each by what `wrap` makes of it. */
export function wrapShutdownCallbacks(
  job: object,
  wrap: (callback: () => Promise<void>) => () => Promise<void>,
): void {
  const list = read<(() => Promise<void>)[]>(
    'shutdownCallbacks',
    () => (job as Fields).shutdownCallbacks,
    Array.isArray,
  );
  list?.splice(0, Number.POSITIVE_INFINITY, ...list.map(wrap));
}

type UploadMetadata = (...options: unknown[]) => Record<string, boolean | string> | undefined;

/** Wraps the attributes that the SDK adds to each span, line and report that it uploads of a job. */
export function wrapUploadMetadata(job: object, wrap: (made: UploadMetadata) => UploadMetadata): void {
  wrapMethod<UploadMetadata>('uploadMetadata', {
    of: () => job,
    name: '_otelMetadata',
    wrap: (made) => wrap((...options) => made.apply(job, options)),
  });
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

/** The processors of a foreign tracer provider: OpenTelemetry 2 has no API to add one to it. */
export const spanProcessorsOf = <Processor>(provider: object): Processor[] | undefined =>
  read(
    'spanProcessors',
    () => ((provider as Fields)._activeSpanProcessor as Fields | undefined)?._spanProcessors,
    Array.isArray,
  );

// Every copy of @opentelemetry/api 1.x keeps its globals here. Read directly, because the API itself
// answers "none" with a no-op provider that is indistinguishable from a real one.
const apiKey = Symbol.for('opentelemetry.js.api.1');

/** What is registered with OpenTelemetry's API. */
export interface Registered {
  version?: string;
  metrics?: object;
}

/** @param expected whether something must be there, because it has just been registered or refused */
export function registeredWithApi(expected: boolean): Registered | undefined {
  const get = () => (globalThis as { [apiKey]?: Registered })[apiKey];
  return expected ? read('apiGlobals', get, isObject) : get();
}

/**
 * The file descriptor of an open socket; where there is none, the relay writes with `socket.write`, and then a worker that
 * does not read keeps a job from ending by itself.
 *
 * Ask again before each write: once the socket is closed, its number may be another file's.
 */
export function descriptorOf(socket: Socket): number | undefined {
  const get = () => (socket as unknown as { _handle?: { fd?: unknown } | null })._handle?.fd;
  const isDescriptor = (fd: unknown) => typeof fd === 'number' && fd >= 0;
  if (!socket.connecting && !socket.destroyed) return read('socketDescriptor', get, isDescriptor);
  const fd = get();
  return isDescriptor(fd) ? (fd as number) : undefined;
}

/** Has a worker start no process for models of the SDK's own, if it is called before the worker runs. */
export function startNoInferenceProcess(runner: object | undefined): void {
  wrapMethod('inferenceRunner', { of: () => runner, name: 'registerRunner', wrap: () => () => {} });
}

/** Codes of errors by message, which take precedence over the error's own: egress's codes are unspecific, its messages are stable. */
export const egressTexts = [
  [/no response from|egress not connected|redis required/i, 'no_egress_service'],
  [/not enough CPU|CPU exhausted|OOM:|resource.?exhausted|limit exceeded/i, 'no_capacity'],
  [/start signal not received/i, 'no_media'],
  [/room does not exist|room not found/i, 'room_not_found'],
  [/upload failed|bucket|access ?denied|invalid url|missing or invalid field|parse config/i, 'bad_output'],
] as const;

/** Lines of the SDKs' logs; of each kind that of Node.js, then of Python. */
export const logTexts = {
  /** Why a session closed: the attribute `reason`. */
  closed: ['AgentSession closed', 'session closed'],
  /** The entry function of a job threw. */
  entryFailed: ['error in entry function', 'unhandled exception while running the job task'],
} as const satisfies Record<string, readonly string[]>;

/** Labels of all metrics of a registry: prom-client has a setter for them and no getter. */
export const defaultLabelsOf = (registry: object): Record<string, string> | undefined =>
  read('promClient', () => (registry as Fields)._defaultLabels, isObject);

/** A metric's values; a histogram's without a copy of the labels for each bucket. */
export function valuesOf<Values>(metric: { get(): Promise<Values> }): Promise<Values> {
  const { type, getForPromString } = metric as { type?: unknown; getForPromString?: () => Promise<Values> };
  const isHistogram = type === 'histogram';
  if (!isHistogram && !getForPromString) return metric.get();
  const fast = read<() => Promise<Values>>('promClient', () => getForPromString, isFunction);
  return fast ? fast.call(metric) : metric.get();
}
