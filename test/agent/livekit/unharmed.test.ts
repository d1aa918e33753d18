import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { JobTelemetry } from '../../../src/agent/livekit/job-telemetry.ts';
import { observe } from '../../../src/agent/livekit/observe.ts';
import { resolveTelemetry } from '../../../src/agent/telemetry/settings.ts';
import './sessions.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'talkgauge-test-'));
  vi.spyOn(console, 'warn').mockImplementation(() => {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

/** A session that emits events that the SDK's types do not allow. */
const session = () =>
  Object.assign(new EventEmitter(), {
    agentState: 'initializing',
    userState: 'listening',
    _redactionEnabled: false,
  });

test.each([
  ['no list', 5],
  ['none', undefined],
  [
    'a list of unreadable values',
    [
      {
        get inputTokens(): number {
          throw new Error('no');
        },
      },
    ],
  ],
])(
  'usage that is %s does not end the call, neither at the event nor ten seconds later',
  async (_, modelUsage) => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const one = session();
    const observation = observe(one as never, undefined, { report: { to: folder } });
    expect(() =>
      one.emit('session_usage_updated', {
        type: 'session_usage_updated',
        usage: { modelUsage },
        createdAt: 1,
      }),
    ).not.toThrow();
    expect(() => vi.advanceTimersByTime(10_000)).not.toThrow();
    observation.close();
    vi.useRealTimers();
    // The failed report is logged, and then the folder can be removed.
    await vi.waitFor(() => expect(console.warn).toHaveBeenCalled());
  },
);

/** The listeners that a job's telemetry adds to its process. */
function listenersOf(event: 'uncaughtExceptionMonitor' | 'exit', start: () => void) {
  const before = new Set(process.listeners(event as never));
  start();
  const added = process.listeners(event as never).filter((listener) => !before.has(listener));
  for (const listener of added) process.off(event, listener);
  return added as unknown as ((value: unknown) => void)[];
}
const follow = () => {
  const telemetry = new JobTelemetry(
    resolveTelemetry({ endpoint: 'http://127.0.0.1:9' }),
    { agent_name: 'a', agent_version: '1' },
    () => ({ sink: () => {}, flush: async () => {} }),
  );
  telemetry.attachJob({
    job: { id: 'AJ_1' },
    addShutdownCallback: () => {},
    shutdownCallbacks: [],
    _otelMetadata: () => ({}),
  } as never);
  return telemetry;
};

test.each([[null], [undefined], ['a text'], [{ message: 7 }], [Object.create(null)]])(
  'a process that handles the thrown value (%j) continues without a further exception',
  (thrown) => {
    let exits: unknown[] = [];
    const added = listenersOf('uncaughtExceptionMonitor', () => {
      exits = listenersOf('exit', follow);
    });
    expect([added.length, exits.length]).toEqual([1, 1]);
    expect(() => added[0]?.(thrown)).not.toThrow();
  },
);

test('a process keeps its exit code if the exit flush fails', () => {
  listenersOf('uncaughtExceptionMonitor', () => {
    const [exit] = listenersOf('exit', () => {
      const telemetry = follow();
      vi.spyOn(telemetry.telemetry, 'flushOnExit').mockImplementation(() => {
        throw new Error('no process can be started');
      });
    });
    expect(() => exit?.(7)).not.toThrow();
  });
});
