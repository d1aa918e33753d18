import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseModule } from './layout/modules.ts';
import { violations } from './layout/rules.ts';

/** The layout violations in these files, given as path → source. */
const violationsIn = (files: Record<string, string>) =>
  violations(Object.entries(files).map(([path, source]) => parseModule(path, source)));

test('the sources follow the layout rules', () => {
  const root = join(import.meta.dirname, '../src');
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /\.tsx?$/.test(path),
  );
  const files = paths.map((path) => [path.replaceAll('\\', '/'), readFileSync(join(root, path), 'utf8')]);
  expect(files.length).toBeGreaterThan(50);
  expect(violationsIn(Object.fromEntries(files))).toEqual([]);
});

test('helpers of tests with shared modules register no hooks at import, because only the first test file would run them', () => {
  const agent = ['egress', 'livekit', 'otel', 'relay', 'reports', 'telemetry'].map((name) => `agent/${name}`);
  const shared = [...agent, 'catalogue', 'metrics', 'monitoring', 'pricing', 'session'];
  const helpers = shared.flatMap((folder) =>
    readdirSync(join(import.meta.dirname, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => /(?<!\.test)\.ts$/.test(path))
      .map((path) => join(folder, path)),
  );
  expect(helpers).toContain('agent/livekit/sessions.ts');
  const hooked = helpers.filter((path) =>
    /^(?:before|after)(?:Each|All)\(/m.test(readFileSync(join(import.meta.dirname, path), 'utf8')),
  );
  expect(hooked).toEqual([]);
});

describe('imports between folders', () => {
  test.each([
    ['catalogue/metrics.ts', "import '../metrics/recorder.ts';", 'metrics/recorder.ts'],
    ['metrics/recorder.ts', "import { seconds } from '../session/samples.ts';", 'session/samples.ts'],
    ['metrics/recorder.ts', "export * from '../agent/relay/server.ts';", 'agent/relay/server.ts'],
    [
      'http/metrics-server.ts',
      "import type { Recorder } from '../metrics/recorder.ts';",
      'metrics/recorder.ts',
    ],
    ['http/metrics-server.ts', "const r = await import('../metrics/recorder.ts');", 'metrics/recorder.ts'],
    ['agent/otel/serve.ts', "type R = typeof import('../../metrics/recorder.ts');", 'metrics/recorder.ts'],
    ['metrics/recorder.ts', "import { PriceBook } from '../pricing/price-book.ts';", 'pricing/price-book.ts'],
    ['pricing/cost.ts', "import { seconds } from '../session/samples.ts';", 'session/samples.ts'],
    [
      'agent/egress/room-egress.ts',
      "import { observe } from '../livekit/observe.ts';",
      'agent/livekit/observe.ts',
    ],
    ['monitoring/artefacts.ts', "import { monitor } from '../agent/monitor.ts';", 'agent/monitor.ts'],
    ['objects/bucket.ts', "import { OptionError } from '../options.ts';", 'options.ts'],
    ['agent/reports/journal.ts', "import { seconds } from '../../session/samples.ts';", 'session/samples.ts'],
    [
      'session/states.ts',
      "import { observe } from '../agent/livekit/observe.ts';",
      'agent/livekit/observe.ts',
    ],
    [
      'gateway/gateway.ts',
      "import type { SessionListener } from '../agent/livekit/session-listener.ts';",
      'agent/livekit/session-listener.ts',
    ],
    [
      'gateway/api/reports.ts',
      "import { sessionReport } from '../../agent/reports/schema.ts';",
      'agent/reports/schema.ts',
    ],
    ['agent/monitor.ts', "import type { Gateway } from '../gateway/gateway.ts';", 'gateway/gateway.ts'],
    [
      'agent/reports/report-folder.ts',
      "import { zip } from '../../gateway/store/archive.ts';",
      'gateway/store/archive.ts',
    ],
    [
      'agent/livekit/observe.ts',
      "import { serveMetrics } from '../../http/metrics-server.ts';",
      'http/metrics-server.ts',
    ],
    ['agent/monitor.ts', "import { addReplay } from '../cli/replay.ts';", 'cli/replay.ts'],
    ['simulate/call.ts', "import { addReplay } from '../cli/replay.ts';", 'cli/replay.ts'],
    [
      'web/list/view.tsx',
      "import type { SessionStore } from '../../gateway/store/session-store.ts';",
      'gateway/store/session-store.ts',
    ],
    ['gateway/pages.ts', "import { formatCost } from '../web/formats.ts';", 'web/formats.ts'],
    ['cli/main.ts', "import { formatCost } from '../web/formats.ts';", 'web/formats.ts'],
    ['agent/index.ts', "import { play } from '../simulate/call.ts';", 'simulate/call.ts'],
    ['options.ts', "import { seconds } from './session/samples.ts';", 'session/samples.ts'],
  ])('%s must not contain %s', (path, source, target) => {
    expect(violationsIn({ [path]: source })).toEqual([`${path} must not import ${target}`]);
  });

  test('the relay may import types of metrics and no values', () => {
    const types = "import type { Recorder } from '../../metrics/recorder.ts';";
    const mixed = "import { createRecorder, type Recorder } from '../../metrics/recorder.ts';";
    expect(violationsIn({ 'agent/relay/server.ts': types })).toEqual([]);
    expect(violationsIn({ 'agent/relay/server.ts': mixed })).toEqual([
      'agent/relay/server.ts must not import values of metrics/recorder.ts',
    ]);
  });

  test('the web page may import types of the API and no values', () => {
    const types = "import type { summarySchema } from '../gateway/api/schema.ts';";
    const values = "import { summarySchema } from '../gateway/api/schema.ts';";
    expect(violationsIn({ 'web/api.ts': types })).toEqual([]);
    expect(violationsIn({ 'web/api.ts': values })).toEqual([
      'web/api.ts must not import values of gateway/api/schema.ts',
    ]);
  });

  test('a folder may import its own files, and cli may import all folders except the web page', () => {
    const sameFolder = "import { handle } from './connection.ts';";
    const all =
      "import '../agent/monitor.ts'; import '../agent/livekit/replay.ts'; import '../monitoring/artefacts.ts';";
    expect(violationsIn({ 'agent/relay/server.ts': sameFolder, 'cli/main.ts': all })).toEqual([]);
  });

  test('a new folder needs a rule', () => {
    expect(violationsIn({ 'billing/invoice.ts': '' })).toEqual([
      'billing/invoice.ts is in the folder billing, which has no rule: add one to test/layout/rules.ts',
    ]);
  });
});

describe('packages', () => {
  test.each([
    ['agent/relay/client.ts', "import { voice } from '@livekit/agents';", '@livekit/agents'],
    ['agent/monitor.ts', "import type { AgentServer } from '@livekit/agents';", '@livekit/agents'],
    ['cli/main.ts', "type Sdk = typeof import('@livekit/agents');", '@livekit/agents'],
    ['gateway/app.ts', "import type { metrics } from '@livekit/agents';", '@livekit/agents'],
    ['http/metrics-server.ts', "import { Panel } from '@grafana/grafana-foundation-sdk/common';", '@grafana'],
    ['agent/livekit/observe.ts', "import { EgressClient } from 'livekit-server-sdk';", 'livekit-server-sdk'],
    ['agent/relay/server.ts', "import { Registry } from 'prom-client';", 'prom-client'],
    ['web/api.ts', "import { readFileSync } from 'node:fs';", 'node:fs'],
    ['web/list/view.tsx', "import express from 'express';", 'express'],
  ])('%s must not contain %s', (path, source, name) => {
    expect(violationsIn({ [path]: source })).toEqual([
      expect.stringContaining(`${path} must not import ${name}`),
    ]);
  });

  test('livekit and simulate may import the SDK', () => {
    const source = "import { voice } from '@livekit/agents';";
    expect(violationsIn({ 'agent/livekit/observe.ts': source, 'simulate/models/llm.ts': source })).toEqual(
      [],
    );
  });

  test('session may import types of the SDK and no values', () => {
    const types = "import type { metrics } from '@livekit/agents';";
    const values = "import { metrics } from '@livekit/agents';";
    expect(violationsIn({ 'session/usage.ts': types })).toEqual([]);
    expect(violationsIn({ 'session/usage.ts': values })).toEqual([
      'session/usage.ts must not import values of @livekit/agents',
    ]);
  });
});

describe('private APIs', () => {
  test.each([
    ['agent/relay/client.ts', 'const fd = socket._handle?.fd;', '_handle'],
    ['metrics/registry.ts', 'const { _defaultLabels } = registry;', '_defaultLabels'],
    ['agent/register.ts', 'const { run } = sdk.AgentServer.prototype;', 'AgentServer.prototype'],
    ['agent/register.ts', 'sdk.voice.AgentSession.prototype.start = start;', 'AgentSession.prototype'],
    [
      'gateway/store/session-state.ts',
      "if (message === 'AgentSession closed') close();",
      'AgentSession closed',
    ],
    ['simulate/worker.ts', "if (message.case === 'startJobRequest') start();", 'startJobRequest'],
    ['session/turns.ts', 'const inner = session._activity;', '_activity'],
    ['session/turns.ts', 'const inner = (session as any)?._activity;', '_activity'],
  ])('%s must not say %s', (path, source, name) => {
    expect(violationsIn({ [path]: source })).toEqual([
      `${path} must not use ${name}: it is a private API; add it to src/private-apis`,
    ]);
    expect(violationsIn({ 'private-apis/readers.ts': source })).toEqual([]);
  });

  test('a comment may name one', () => {
    expect(violationsIn({ 'agent/relay/client.ts': '// As socket._handle.fd has it.' })).toEqual([]);
  });
});

describe('units', () => {
  test.each([
    ['session/usage.ts', 'const { durationMs } = m;', 'durationMs'],
    ['session/usage.ts', 'const maxWaitMs = 1000;', 'maxWaitMs'],
    ['gateway/metrics/tools.ts', 'm.ttftMs;', 'ttftMs'],
    ['gateway/decode/span-facts.ts', "m['audioDurationMs'];", 'audioDurationMs'],
  ])('%s must not contain %s, because times are in seconds there', (path, source, name) => {
    expect(violationsIn({ [path]: source })).toEqual([
      `${path} must not contain ${name}: times are in seconds here`,
    ]);
  });

  test('the agent and timers of the gateway may use milliseconds', () => {
    const files = {
      'agent/livekit/sdk-event.ts': 'm.durationMs;',
      'gateway/receive/limits.ts': 'const graceMs = 5;',
    };
    expect(violationsIn(files)).toEqual([]);
  });
});

describe('modules', () => {
  test('import cycles are refused, including type imports', () => {
    const files = {
      'http/a.ts': "import { b } from './b.ts';",
      'http/b.ts': "import type { C } from './c.ts';",
      'http/c.ts': "export { a } from './a.ts';",
    };
    expect(violationsIn(files)).toEqual(['import cycle: http/a.ts → http/b.ts → http/c.ts → http/a.ts']);
  });

  test('a module imported by two others is not a cycle', () => {
    const files = {
      'http/a.ts': "import './b.ts'; import './c.ts';",
      'http/b.ts': "import './c.ts';",
      'http/c.ts': '',
    };
    expect(violationsIn(files)).toEqual([]);
  });

  test('a file has at most 400 lines', () => {
    expect(violationsIn({ 'http/a.ts': '\n'.repeat(400) })).toEqual([]);
    expect(violationsIn({ 'http/a.ts': '\n'.repeat(401) })).toEqual([
      'http/a.ts has 401 lines; split it, 400 are enough',
    ]);
  });

  test.each(['http/utils.ts', 'http/string-util.ts', 'helpers/text.ts', 'http/test-helpers.ts'])(
    '%s is refused as a name',
    (path) => {
      expect(violationsIn({ [path]: '' })).toContain(
        `${path} is named after nothing; name it after what it does`,
      );
    },
  );

  test.each([
    'export default class {}',
    'const a = 1; export { a as default };',
    "export { a as default } from './b.ts';",
  ])('%s is refused, except where the SDK requires it', (source) => {
    expect(violationsIn({ 'simulate/call.ts': source })).toEqual(['simulate/call.ts has a default export']);
    expect(violationsIn({ 'simulate/agent.ts': source })).toEqual([]);
  });

  test('a syntax error is reported with the path of the file', () => {
    expect(() => violationsIn({ 'http/a.ts': 'import from;' })).toThrow(/^http\/a\.ts: /);
  });
});
