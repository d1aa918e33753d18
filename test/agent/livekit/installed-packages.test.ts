import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest';
import { checkPackages, isTested, warningOf } from '../../../src/agent/livekit/installed-packages.ts';
import { observe } from '../../../src/agent/livekit/observe.ts';
import { loadedSdk } from '../../../src/agent/livekit/sdk.ts';
import { monitor } from '../../../src/agent/monitor.ts';
import { createSession } from './sessions.ts';

vi.mock('../../../src/agent/livekit/sdk.ts', async (original) => {
  const sdk = await original<typeof import('../../../src/agent/livekit/sdk.ts')>();
  return { ...sdk, loadedSdk: vi.fn(sdk.loadedSdk) };
});

const checked = Symbol.for('talkgauge.packagesChecked');
const forget = () => delete (globalThis as { [key: symbol]: unknown })[checked];
beforeEach(forget);
afterEach(() => {
  vi.restoreAllMocks();
  forget();
});

const manifest = JSON.parse(readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8'));

test.each([
  ['1.9.0', true],
  ['1.9.17', true],
  ['1.10.0', false],
  ['1.10.0-rc.1', false],
  ['1.8.9', false],
  ['2.0.0', false],
  ['next', false],
])('%s is in the range of 1.9: %s', (version, expected) => {
  expect(isTested(version, '>=1.9.0 <1.10.0')).toBe(expected);
});

test.each(Object.entries<string>(manifest.peerDependencies))(
  'the peer range of %s ends before the next minor version and includes the installed one',
  (name, range) => {
    const [, major, minor, below] = /^>=(\d+)\.(\d+)\.\d+ <(\d+\.\d+)\.0$/.exec(range) ?? [];
    expect(below).toBe(`${major}.${Number(minor) + 1}`);
    const installed = join(import.meta.dirname, '../../../node_modules', name, 'package.json');
    expect(isTested(JSON.parse(readFileSync(installed, 'utf8')).version, range)).toBe(true);
  },
);

describe('a warning', () => {
  test('names the untested version and the tested range', () => {
    expect(warningOf({ '@livekit/agents': '1.10.2', '@livekit/rtc-node': '0.13.40' })).toBe(
      '@livekit/agents 1.10.2 was not tested with this version of Talkgauge, which was tested with @livekit/agents >=1.9.0 <1.10.0 and @livekit/rtc-node >=0.13.34 <0.14.0. If figures are missing, see docs/private-apis.md, and look for a newer Talkgauge',
    );
  });

  test('is not logged for tested or unknown versions', () => {
    expect(warningOf({ '@livekit/agents': '1.9.3', '@livekit/rtc-node': undefined })).toBeUndefined();
  });

  test('is not logged for the versions installed here', async () => {
    const log = vi.fn();
    await checkPackages(log);
    expect(log).not.toHaveBeenCalled();
  });

  test('is logged once per process', async () => {
    vi.mocked(loadedSdk).mockResolvedValueOnce({ version: '1.10.0' } as never);
    const log = vi.fn();
    await checkPackages(log);
    await checkPackages(log);
    expect(log).toHaveBeenCalledTimes(1);
    expect(log.mock.calls[0]?.[0]).toContain('@livekit/agents 1.10.0 was not tested');
  });

  test('is not logged if the SDK cannot be loaded', async () => {
    vi.mocked(loadedSdk).mockRejectedValueOnce(new Error('no'));
    await expect(checkPackages(vi.fn())).resolves.toBeUndefined();
  });
});

describe('private APIs that are missing', () => {
  const warnedOf = Symbol.for('talkgauge.privateApis');
  let warned: MockInstance;
  beforeEach(() => {
    delete (globalThis as { [key: symbol]: unknown })[warnedOf];
    vi.mocked(loadedSdk).mockResolvedValue({ version: '1.9.0', AgentServer: class {} } as never);
    warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
  });
  const warnings = () => warned.mock.calls.map(([text]) => String(text));
  const ofServer = () => warnings().filter((text) => text.includes('AgentServer.prototype.run is not there'));

  test('are warned about, each once, with the versions that were tested', async () => {
    await checkPackages(vi.fn());
    forget();
    await checkPackages(vi.fn());
    expect(warnings().map((text) => /^talkgauge: (.*?) (?:is|and) /.exec(text)?.[1])).toEqual([
      'AgentServer.prototype.run',
      'JobContext._otelMetadata',
      'AgentSession.prototype.start',
      'the labels of FallbackAdapter',
    ]);
    for (const text of warnings())
      expect(text).toContain('Talkgauge was tested with @livekit/agents >=1.9.0');
  });

  test('are warned about by monitor()', async () => {
    const { close } = await monitor({ port: 0, log: () => {} });
    await vi.waitFor(() => expect(ofServer()).toHaveLength(1), { timeout: 60_000 });
    await close();
  });

  test('are warned about by observe()', async () => {
    observe(createSession()).close();
    await vi.waitFor(() => expect(ofServer()).toHaveLength(1), { timeout: 60_000 });
  });
});
