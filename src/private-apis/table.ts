import { descriptionOf, testedVersions } from '../package.ts';

/**
 * Everything that Talkgauge uses of other packages beyond their documented API, in one place: what it is, what for, and
 * what is lost without it. docs/private-apis.md is compared with it, and no file of another folder may name any of it, see
 * test/layout/rules.ts. Each is read by a function of `readers.ts`, which looks whether it is there; one that is not is warned
 * about once in a process, and costs data: never a call, and never content that should have been withheld.
 */
export const privateApis = {
  redaction: {
    name: '`AgentSession._redactionEnabled`',
    use: 'whether LiveKit demands redaction of a session',
    lost: 'what was said is withheld from all sessions: the SDK sets the option `redaction` to `false` by itself, so nothing says that no redaction is demanded',
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
  serverRun: {
    name: '`AgentServer.prototype.run`',
    use: 'to find the server that runs, and to monitor a worker without a line in its code',
    lost: '`lk_agents_worker_load` is missing, `agent_name` of the worker is `unknown` unless it is given, and with `talkgauge/register` alone the worker is not monitored: call `monitor()`',
  },
  serverMessages: {
    name: 'the event `worker_msg` of `AgentServer`',
    use: "the worker's load, and the name that it registers under",
    lost: '`lk_agents_worker_load` is missing, and `agent_name` of the worker is `unknown` unless it is given',
  },
  sessionStart: {
    name: '`AgentSession.prototype.start`',
    use: 'to observe sessions without a line in their code',
    lost: 'with `talkgauge/register` alone sessions are not observed: call `observe()`',
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
  logTexts: {
    name: "the lines of the SDKs' logs that say why a session closed, and that the entry function of a job threw",
    use: 'the reason for which a session closed, in the gateway',
    lost: 'the reason is `other`, and a job whose entry function threw may not count as failed',
  },
  promClient: {
    name: '`Registry._defaultLabels` and `Histogram.getForPromString` of prom-client',
    use: 'to read a registry without a copy of each value and of its labels',
    lost: '`/metrics` is the same, but takes longer to be written',
  },
} as const satisfies Record<string, { name: string; use: string; lost: string }>;

export type PrivateApi = keyof typeof privateApis;

const key = Symbol.for('talkgauge.privateApis');

export type Fields = Record<string, unknown>;

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
export function read<T>(api: PrivateApi, get: () => unknown, is: (value: unknown) => boolean): T | undefined {
  try {
    const value = get();
    if (is(value)) return value as T;
  } catch {
    // A getter may throw; that is no better than none.
  }
  warnMissing(api);
  return undefined;
}

export const isFunction = (value: unknown): boolean => typeof value === 'function';
export const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

export type Method = (...args: never[]) => unknown;

/**
 * Replaces a method of an object by what `wrap` makes of it. Returns what puts it back; undefined, with a warning: there is
 * no such method, or it cannot be replaced.
 */
export function wrapMethod<M extends Method>(
  api: PrivateApi,
  { of, name, wrap }: { of: () => unknown; name: string; wrap: (method: M) => M },
): (() => void) | undefined {
  return read(
    api,
    () => {
      const holder = of() as Fields;
      const method = holder[name];
      if (!isFunction(method)) return undefined;
      holder[name] = wrap(method as M);
      return () => {
        holder[name] = method;
      };
    },
    isFunction,
  );
}
