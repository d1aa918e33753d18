import { EventEmitter } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as installed from '@livekit/agents';
import { InferenceRunner, llm } from '@livekit/agents';
import { metrics, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { Histogram, Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, type Mock, test, vi } from 'vitest';
import { egressError } from '../../src/agent/egress/recording-error.ts';
import { destination } from '../../src/agent/livekit/destination.ts';
import { DuplicateDetection, watchForUnknownAdapters } from '../../src/agent/livekit/duplicate-events.ts';
import { addUploadAttributes, JobTelemetry } from '../../src/agent/livekit/job-telemetry.ts';
import { bridgeLogger } from '../../src/agent/livekit/logger-bridge.ts';
import { isRedactionDemanded } from '../../src/agent/livekit/observe-options.ts';
import { watchProcesses } from '../../src/agent/livekit/processes.ts';
import { folderOfSdk, type Sdk } from '../../src/agent/livekit/sdk.ts';
import { Exemplars, SessionListener } from '../../src/agent/livekit/session-listener.ts';
import { followServer, onServer } from '../../src/agent/livekit/worker.ts';
import { registerMeterProvider } from '../../src/agent/otel/meter-provider.ts';
import { monitorServer, observeSessions } from '../../src/agent/register.ts';
import { resolveTelemetry } from '../../src/agent/telemetry/settings.ts';
import type { Observation } from '../../src/catalogue/observation.ts';
import { emptyBatch, type LogRecord, type SpanRecord } from '../../src/gateway/decode/records.ts';
import { readUploadedSession } from '../../src/gateway/metrics/uploaded-session.ts';
import { SessionFiles } from '../../src/gateway/store/session-files.ts';
import { newState, reduceState } from '../../src/gateway/store/session-state.ts';
import { expose } from '../../src/metrics/exposition.ts';
import {
  checkPrivateApis,
  kindOfProcess,
  loggerKey,
  startNoInferenceProcess,
} from '../../src/private-apis/readers.ts';
import { type PrivateApi, privateApis } from '../../src/private-apis/table.ts';
import { FakeLlm } from '../agent/livekit/fakes.ts';
import { llmMetrics } from '../agent/livekit/sdk-metrics.ts';
import { startRelay } from '../agent/relay/relay.ts';

const { connect } = Socket.prototype;
/** The SDK's logger, which the fakes initialised. */
const logger = () => holder[loggerKey];
const warnedOf = Symbol.for('talkgauge.privateApis');
const holder = globalThis as { [key: symbol]: unknown };

let warned: Mock;
beforeEach(() => {
  delete holder[warnedOf];
  warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});
const warnings = () => warned.mock.calls.map(([text]) => String(text));

/** A private API, its missing part, a use without it (called twice), and the remaining result. */
type Case = [api: PrivateApi, what: string, use: () => unknown, remaining: unknown];

const record = { observations: [] as Observation[] };
const sink = (one: Observation) => void record.observations.push(one);
const metricsOf = () => [...new Set(record.observations.map(({ metric }) => metric))].sort();
beforeEach(() => {
  record.observations = [];
});

/** Publishes a process forked by the worker on Node's diagnostics channel. */
function fork(main: string, sent: object[], received: object[]): void {
  const child = Object.assign(new EventEmitter(), { spawnargs: ['node', main], send: () => true });
  const stop = watchProcesses(sink);
  forks.publish({ process: child });
  child.emit('spawn');
  for (const message of received) child.emit('message', message);
  for (const message of sent) (child.send as (message: object) => boolean)(message);
  child.emit('exit', 0, null);
  stop();
}
const { channel } = await import('node:diagnostics_channel');
const forks = channel('child_process');
const jobMain = '/app/node_modules/@livekit/agents/dist/ipc/job_proc_lazy_main.js';
const jobsSeen = () =>
  record.observations.filter(({ metric, value }) => metric === 'lk_agents_active_job_count' && value > 0)
    .length;

const job = () => ({ job: { id: 'AJ_1' }, addShutdownCallback: vi.fn() });
const telemetry = () =>
  new JobTelemetry(
    resolveTelemetry({ endpoint: 'http://127.0.0.1:9' }),
    { agent_name: 'a', agent_version: '1' },
    () => ({ sink, flush: async () => {} }),
  );

const inWorker = { inJobProcess: false, monitor: async () => {}, strict: false };

/** What stands before an object, and has all of it but one field. */
const without = <T extends object>(whole: T, name: string): T =>
  new Proxy(whole, {
    get(target, key) {
      if (key === name) return undefined;
      const value = Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
    has: (target, key) => key !== name && key in target,
  });

/** A registry of a user's own, with a histogram and a default label, which lacks private fields of prom-client. */
function registryWithout(name: string): { whole: Registry; lacking: Registry } {
  const whole = new Registry();
  whole.setDefaultLabels({ region: 'eu' });
  const histogram = new Histogram({
    ...{ name: 'wait_seconds', help: 'h', labelNames: ['queue'], buckets: [1, 2] },
    registers: [whole],
  });
  histogram.observe({ queue: 'a' }, 1.5);
  const metrics = whole.getMetricsAsArray().map((metric) => without(metric, name));
  const lacking = without(whole, name);
  return {
    whole,
    lacking: new Proxy(lacking, {
      get: (target, key) => (key === 'getMetricsAsArray' ? () => metrics : Reflect.get(target, key)),
    }),
  };
}

/** A session of an SDK that says in these words why it closed. */
async function uploadedSession(message: string): Promise<string | undefined> {
  const log: LogRecord = {
    ...{ at: 1010, level: 'info', message, scope: 'livekit.agents' },
    attributes: { reason: 'user_initiated' },
  };
  const span: SpanRecord = {
    ...{ traceId: 't', spanId: 's', name: 'agent_session', start: 1000, end: 1010 },
    ...{ attributes: {}, events: [], status: 'unset' },
  };
  const identity = { jobId: 'AJ_1', redacted: false, simulated: false };
  const batch = { ...emptyBatch(identity), logs: [log], spans: [span] };
  const state = reduceState(newState('AJ_1', identity, 1000), batch, 1010);
  const folder = mkdtempSync(join(tmpdir(), 'talkgauge-test-'));
  try {
    const files = new SessionFiles(folder);
    return (await readUploadedSession(files, { ...state, sizes: { spans: 0, logs: 0 } })).closeReason;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const cases: Case[] = [
  ['redaction', 'the flag is missing', () => isRedactionDemanded({}, undefined), true],
  [
    'redaction',
    'the flag is a method',
    () => isRedactionDemanded({ _redactionEnabled: () => false }, undefined),
    true,
  ],
  [
    'redaction',
    'the flag is missing and the options are false',
    () => isRedactionDemanded({ sessionOptions: { recordingOptions: { redaction: false } } }, undefined),
    true,
  ],
  [
    'redaction',
    'it is gone, and the options and the job say no',
    () =>
      isRedactionDemanded({ sessionOptions: { recordingOptions: { redaction: false } } }, {
        job: { enableRedaction: false },
      } as never),
    true,
  ],
  [
    'redaction',
    'reading it throws',
    () => {
      const session = {
        get _redactionEnabled(): boolean {
          throw new Error('no');
        },
      };
      return isRedactionDemanded(session, undefined);
    },
    true,
  ],
  [
    'processMain',
    'the main modules have other names',
    () => [
      kindOfProcess('/app/node_modules/@livekit/agents/dist/ipc/job_main.js'),
      kindOfProcess('/app/node_modules/@livekit/agents/dist/ipc/inference_main.js'),
    ],
    ['job', 'inference'],
  ],
  [
    'processMain',
    'the channel publishes no process',
    () => {
      const stop = watchProcesses(sink);
      forks.publish({});
      stop();
    },
    undefined,
  ],
  [
    'processMessages',
    'a job starts with another message',
    () => {
      fork(jobMain, [{ case: 'initializeRequest' }, { case: 'runJob' }], [{ case: 'initializeResponse' }]);
      return jobsSeen();
    },
    0,
  ],
  [
    'processMessages',
    'a process is ready with another message',
    () => {
      fork(jobMain, [{ case: 'startJobRequest' }], [{ case: 'ready' }]);
      return metricsOf();
    },
    ['lk_agents_active_job_count', 'lk_agents_child_process_count', 'lk_agents_job_exits_total'],
  ],
  [
    'processMessages',
    'messages are not objects',
    () => {
      fork(jobMain, ['initialize' as never, null as never], [null as never, 'ready' as never]);
      return jobsSeen();
    },
    0,
  ],
  [
    'serverRun',
    'it runs by another method, with talkgauge/register',
    () => {
      class AgentServer {}
      monitorServer({ AgentServer } as unknown as Sdk, async () => expect.fail('it was monitored'));
      return Object.getOwnPropertyNames(AgentServer.prototype);
    },
    ['constructor'],
  ],
  [
    'serverRun',
    'there is none, with talkgauge/register',
    () => monitorServer({} as Sdk, async () => {}),
    undefined,
  ],
  [
    'serverRun',
    'its class cannot be changed',
    async () => {
      const frozen = { AgentServer: { prototype: Object.freeze({ run: async () => 'runs' }) } };
      monitorServer(frozen as unknown as Sdk, async () => expect.fail('it was monitored'));
      onServer(frozen as unknown as Sdk, async () => expect.fail('it was followed'))();
      return frozen.AgentServer.prototype.run();
    },
    'runs',
  ],
  [
    'sessionStart',
    'a session starts by another method',
    () => {
      class AgentSession {}
      observeSessions({ voice: { AgentSession } } as unknown as Sdk, inWorker);
      return Object.getOwnPropertyNames(AgentSession.prototype);
    },
    ['constructor'],
  ],
  [
    'sessionStart',
    'there is no class of sessions',
    () => observeSessions({ voice: {} } as Sdk, inWorker),
    undefined,
  ],
  ['sessionStart', 'the SDK has no voice', () => observeSessions({} as Sdk, inWorker), undefined],
  [
    'serverRun',
    'it runs by another method',
    () => {
      class AgentServer {}
      onServer({ AgentServer } as unknown as Sdk, async () => expect.fail('unexpected call'))();
      return Object.getOwnPropertyNames(AgentServer.prototype);
    },
    ['constructor'],
  ],
  ['serverRun', 'there is none', () => onServer({} as Sdk, async () => {})(), undefined],
  [
    'serverMessages',
    'it tells nothing',
    () => {
      followServer({} as never, { sink, onName: () => {} })();
      return metricsOf();
    },
    [],
  ],
  [
    'shutdownCallbacks',
    'a job stores them elsewhere',
    () => {
      const one = Object.assign(job(), { _otelMetadata: () => ({}) });
      const { addShutdownCallback } = one;
      telemetry().attachJob(one as never);
      return addShutdownCallback.mock.calls.length;
    },
    1,
  ],
  [
    'uploadMetadata',
    'a job creates it elsewhere',
    () => {
      const one = job();
      addUploadAttributes(one, () => ({ observed: true }));
      return Object.keys(one);
    },
    ['job', 'addShutdownCallback'],
  ],
  [
    'turnContext',
    'a speech has no turn context',
    () => {
      const exemplars = new Exemplars();
      exemplars.speechCreated({ id: 's' } as never);
      return exemplars.current('s');
    },
    undefined,
  ],
  [
    'loggerStream',
    'the logger writes differently',
    () => {
      const lines: object[] = [];
      const sdks = logger();
      const stop = bridgeLogger({
        emit: (item) => lines.push(item),
        allowPii: () => false,
        context: () => ROOT_CONTEXT,
      });
      holder[loggerKey] = { info: () => {} };
      holder[loggerKey] = Object.assign(() => {}, { [Symbol('pino.stream')]: { write: () => {} } });
      stop();
      holder[loggerKey] = sdks;
      return lines;
    },
    [],
  ],
  [
    'spanProcessors',
    "the user's provider has another type",
    () => {
      trace.setGlobalTracerProvider({ getTracer: () => expect.fail('it is not used') });
      try {
        return telemetry().telemetry.settings.traces?.protocol;
      } finally {
        trace.disable();
      }
    },
    'http/protobuf',
  ],
  [
    'inferenceRunner',
    'runners are registered differently',
    () => {
      const renamed = { addRunner: () => {} };
      startNoInferenceProcess(renamed);
      return Object.keys(renamed);
    },
    ['addRunner'],
  ],
  [
    'apiGlobals',
    'what is registered cannot be seen',
    () => {
      const key = Symbol.for('opentelemetry.js.api.1');
      const registered = holder[key];
      const said: string[] = [];
      delete holder[key];
      vi.spyOn(metrics, 'setGlobalMeterProvider').mockReturnValue(false);
      try {
        registerMeterProvider({ getMeter: () => expect.fail('it is not used') }, (message) =>
          said.push(message),
        );
      } finally {
        if (registered !== undefined) holder[key] = registered;
      }
      return said.map((message) => message.split(':')[0]);
    },
    ['OpenTelemetry metrics are not on /metrics'],
  ],
  [
    'egressTexts',
    'an error is in other words, and has no status',
    () => egressError('it went wrong in words that nobody knows', 0).code,
    'unknown',
  ],
  [
    'logTexts',
    'a session says in other words why it closed',
    () => uploadedSession('The session has ended'),
    undefined,
  ],
  ...['_defaultLabels', 'getForPromString'].map(
    (name): Case => [
      'promClient',
      `${name} is gone`,
      async () => {
        const { whole, lacking } = registryWithout(name);
        const [expected, found] = [await expose(whole, 'text'), await expose(lacking, 'text')];
        expect(found).toMatch(/^wait_seconds_bucket\{.*region="eu".*\} 1$/m);
        return found === expected;
      },
      true,
    ],
  ),
  ['inferenceRunner', 'there is none', () => startNoInferenceProcess(undefined), undefined],
  [
    'adapterLabels',
    'an adapter has another label',
    async () => {
      class Renamed extends llm.FallbackAdapter {
        override label = () => 'livekit.Fallback';
      }
      const session = { llm: new Renamed({ llms: [new FakeLlm()] }), tts: { label: 'acme.TTS' } };
      const adapters = watchForUnknownAdapters(session);
      await vi.waitFor(() => expect([...adapters]).toEqual(['livekit.Fallback']));
      record.observations = [];
      const listener = new SessionListener({ sink, duplicates: new DuplicateDetection(false), adapters });
      for (const label of ['acme.LLM', 'livekit.Fallback']) {
        listener.event('metrics_collected', {
          type: 'metrics_collected',
          metrics: llmMetrics({ label, requestId: label }),
          createdAt: 1,
        } as never);
      }
      return ['lk_agents_llm_requests_total', 'talkgauge_duplicate_events_total'].map(
        (name) => record.observations.filter(({ metric }) => metric === name).length,
      );
    },
    [1, 1],
  ],
  [
    'socketDescriptor',
    'a socket does not expose its descriptor',
    async () => {
      const { server, recorder } = await startRelay();
      vi.spyOn(Socket.prototype, 'connect').mockImplementation(function (this: Socket, ...args: unknown[]) {
        const socket = connect.apply(this, args as never);
        const { _handle } = socket as unknown as { _handle: object };
        Object.defineProperty(_handle, 'fd', { get: () => undefined });
        return socket;
      });
      vi.stubEnv('TALKGAUGE_SOCKET', server.path);
      const { argv, send } = process;
      process.argv = ['node', jobMain];
      process.send ??= () => true;
      try {
        const to = destination({ agent_name: 'a', agent_version: String(Math.random()) }, false);
        to.sink({ metric: 'lk_agents_handoffs_total', labels: {}, value: 3 });
        await to.flush();
        const shown = /^lk_agents_handoffs_total\{.*\} 3$/m;
        await vi.waitFor(async () => expect(await recorder.expose('text')).toMatch(shown), {
          timeout: 30_000,
        });
      } finally {
        Object.assign(process, { argv, send });
      }
    },
    undefined,
  ],
];

describe.each(cases)('%s: %s', (api, _, use, remaining) => {
  test('loses only the documented feature, throws nothing and logs one warning', async () => {
    expect(await use()).toEqual(remaining);
    expect(await use()).toEqual(remaining);
    const { lost } = privateApis[api];
    expect(warnings()).toHaveLength(1);
    expect(warnings()[0]).toContain(lost.replaceAll('`', ''));
    expect(warnings()[0]).toMatch(
      /Talkgauge was tested with @livekit\/agents >=1\.9\.0 <1\.10\.0 and @livekit\/rtc-node >=0\.13\.34 <0\.14\.0; see docs\/private-apis\.md$/,
    );
  });
});

test("a simulated worker registers none of the SDK's runners, which would start a process", () => {
  const { registerRunner } = InferenceRunner;
  const before = { ...InferenceRunner.registeredRunners };
  try {
    startNoInferenceProcess(InferenceRunner);
    InferenceRunner.registerRunner('of-a-test', '/nowhere.js');
    expect(InferenceRunner.registeredRunners).toEqual(before);
    expect(warnings()).toEqual([]);
  } finally {
    InferenceRunner.registerRunner = registerRunner;
  }
});

test.each([
  [0, 'unknown'],
  [400, 'bad_output'],
  [429, 'no_capacity'],
])('an egress error with another text and the status %i has the code %s', (status, code) => {
  expect(egressError('an unknown error message', status).code).toBe(code);
});

test('each of them is taken away above', () => {
  const taken = new Set(cases.map(([api]) => api));
  expect([...taken].sort()).toEqual(Object.keys(privateApis).sort());
});

describe('at the start', () => {
  const sdk: Record<string, unknown> = { ...installed };
  const folder = folderOfSdk();

  test('all that can be seen of what is installed is there', () => {
    expect(folder).toMatch(/@livekit.agents.dist$/);
    checkPrivateApis({ sdk, folder, registry: registryWithout('nothing').lacking });
    expect(warnings()).toEqual([]);
  });

  class Empty {}
  test.each<[PrivateApi, string, object]>([
    ['serverRun', 'a server runs by another method', { sdk: { ...sdk, AgentServer: Empty } }],
    ['serverRun', 'there is no server', { sdk: { ...sdk, AgentServer: undefined } }],
    ['sessionStart', 'a session starts by another', { sdk: { ...sdk, voice: { AgentSession: Empty } } }],
    ['sessionStart', 'there is no session', { sdk: { ...sdk, voice: undefined } }],
    ['uploadMetadata', 'a job makes it elsewhere', { sdk: { ...sdk, JobContext: Empty } }],
    ['adapterLabels', 'an adapter is called otherwise', { sdk: { ...sdk, tts: {} } }],
    ['processMain', 'the main modules have other names', { folder: import.meta.dirname }],
    ['promClient', 'default labels are elsewhere', { registry: registryWithout('_defaultLabels').lacking }],
    ['promClient', 'a histogram has no fast way', { registry: registryWithout('getForPromString').lacking }],
  ])('%s: %s, which is warned about once', (api, _, there) => {
    checkPrivateApis(there);
    checkPrivateApis(there);
    expect(warnings()).toHaveLength(1);
    expect(warnings()[0]).toContain(privateApis[api].lost.replaceAll('`', ''));
  });
});

test('the documentation lists them all, as they are here', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/private-apis.md'), 'utf8');
  const rows = Object.values(privateApis).map(({ name, use, lost }) => `| ${name} | ${use} | ${lost} |`);
  expect(
    page
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .slice(2),
  ).toEqual(rows);
});
