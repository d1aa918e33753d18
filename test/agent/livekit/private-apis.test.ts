import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { InferenceRunner, llm } from '@livekit/agents';
import { type MeterProvider, metrics, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, type Mock, test, vi } from 'vitest';
import { egressError } from '../../../src/agent/egress/recording-error.ts';
import { destination } from '../../../src/agent/livekit/destination.ts';
import { DuplicateDetection, watchForUnknownAdapters } from '../../../src/agent/livekit/duplicate-events.ts';
import { addUploadAttributes, JobTelemetry } from '../../../src/agent/livekit/job-telemetry.ts';
import { bridgeLogger } from '../../../src/agent/livekit/logger-bridge.ts';
import { isRedactionDemanded } from '../../../src/agent/livekit/observe-options.ts';
import {
  loggerKey,
  type PrivateApi,
  privateApis,
  startNoInferenceProcess,
} from '../../../src/agent/livekit/private-apis.ts';
import { kindOfProcess, watchProcesses } from '../../../src/agent/livekit/processes.ts';
import type { Sdk } from '../../../src/agent/livekit/sdk.ts';
import { Exemplars, SessionListener } from '../../../src/agent/livekit/session-listener.ts';
import { followServer, onServer } from '../../../src/agent/livekit/worker.ts';
import { registerMeterProvider } from '../../../src/agent/otel/meter-provider.ts';
import { resolveTelemetry } from '../../../src/agent/telemetry/settings.ts';
import type { Observation } from '../../../src/catalogue/observation.ts';
import { startRelay } from '../relay/relay.ts';
import { FakeLlm } from './fakes.ts';
import { llmMetrics } from './sdk-metrics.ts';

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
    false,
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
    'server',
    'the server runs with another method',
    () => {
      class AgentServer {}
      onServer({ AgentServer } as unknown as Sdk, async () => expect.fail('unexpected call'))();
      return Object.getOwnPropertyNames(AgentServer.prototype);
    },
    ['constructor'],
  ],
  ['server', 'the class is missing', () => onServer({} as Sdk, async () => {})(), undefined],
  [
    'server',
    'the server emits nothing',
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
  ['inferenceRunner', 'the class is missing', () => startNoInferenceProcess(undefined), undefined],
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

test("a provider registered with OpenTelemetry's API is kept, even if it is not accessible", () => {
  const logged: string[] = [];
  const users = { getMeter: () => expect.fail('it is not used') } as unknown as MeterProvider;
  vi.spyOn(metrics, 'setGlobalMeterProvider').mockReturnValue(false);
  expect(registerMeterProvider(users, (message) => logged.push(message))).toBeUndefined();
  expect(logged).toEqual([expect.stringContaining('OpenTelemetry metrics are not on /metrics')]);
});

test.each([
  [0, 'unknown'],
  [400, 'bad_output'],
  [429, 'no_capacity'],
])('an egress error with another text and the status %i has the code %s', (status, code) => {
  expect(egressError('an unknown error message', status).code).toBe(code);
});

test('every private API has a case above', () => {
  const covered = new Set<PrivateApi>([...cases.map(([api]) => api), 'apiGlobals', 'egressTexts']);
  expect([...covered].sort()).toEqual(Object.keys(privateApis).sort());
});

test('the documentation lists all private APIs', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/private-apis.md'), 'utf8');
  const rows = Object.values(privateApis).map(({ name, use, lost }) => `| ${name} | ${use} | ${lost} |`);
  expect(
    page
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .slice(2),
  ).toEqual(rows);
});
