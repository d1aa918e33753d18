import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseModule } from './layout/modules.ts';
import { violations } from './layout/rules.ts';

/** What is against the layout in these files, given as path → source. */
const against = (files: Record<string, string>) =>
  violations(Object.entries(files).map(([path, source]) => parseModule(path, source)));

test('the sources keep to the layout', () => {
  const root = join(import.meta.dirname, '../src');
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /\.tsx?$/.test(path),
  );
  const files = paths.map((path) => [path.replaceAll('\\', '/'), readFileSync(join(root, path), 'utf8')]);
  expect(files.length).toBeGreaterThan(50);
  expect(against(Object.fromEntries(files))).toEqual([]);
});

test('helpers of tests that share their modules register no hooks when they are loaded, for only the first file would have them', () => {
  const shared = [
    'catalogue',
    'egress',
    'livekit',
    'monitoring',
    'otel',
    'pricing',
    'record',
    'relay',
    'reports',
  ];
  const helpers = [...shared, 'session', 'telemetry'].flatMap((folder) =>
    readdirSync(join(import.meta.dirname, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => /(?<!\.test)\.ts$/.test(path))
      .map((path) => join(folder, path)),
  );
  expect(helpers).toContain('livekit/sessions.ts');
  const hooked = helpers.filter((path) =>
    /^(?:before|after)(?:Each|All)\(/m.test(readFileSync(join(import.meta.dirname, path), 'utf8')),
  );
  expect(hooked).toEqual([]);
});

describe('directions', () => {
  test.each([
    ['catalogue/metrics.ts', "import '../record/recorder.ts';", '../record/recorder.ts'],
    ['record/recorder.ts', "import { seconds } from '../session/samples.ts';", '../session/samples.ts'],
    ['record/recorder.ts', "export * from '../relay/server.ts';", '../relay/server.ts'],
    ['http/server.ts', "import type { Recorder } from '../record/recorder.ts';", '../record/recorder.ts'],
    ['http/server.ts', "const r = await import('../record/recorder.ts');", '../record/recorder.ts'],
    ['otel/serve.ts', "type R = typeof import('../record/recorder.ts');", '../record/recorder.ts'],
    [
      'record/recorder.ts',
      "import { PriceBook } from '../pricing/price-book.ts';",
      '../pricing/price-book.ts',
    ],
    ['pricing/cost.ts', "import { seconds } from '../session/samples.ts';", '../session/samples.ts'],
    ['egress/room-egress.ts', "import { observe } from '../livekit/observe.ts';", '../livekit/observe.ts'],
    ['monitoring/artefacts.ts', "import { monitor } from '../monitor.ts';", '../monitor.ts'],
    ['objects/bucket.ts', "import { OptionError } from '../options.ts';", 'options.ts'],
    ['reports/cost.ts', "import { seconds } from '../session/samples.ts';", '../session/samples.ts'],
    ['session/states.ts', "import { observe } from '../livekit/observe.ts';", '../livekit/observe.ts'],
    ['gateway/gateway.ts', "import type { Feed } from '../livekit/feed.ts';", '../livekit/feed.ts'],
    ['livekit/observe.ts', "import { serveMetrics } from '../http/server.ts';", '../http/server.ts'],
    ['monitor.ts', "import { addReplay } from './cli/replay.ts';", './cli/replay.ts'],
    ['simulate/call.ts', "import { addReplay } from '../cli/replay.ts';", '../cli/replay.ts'],
    [
      'page/list/view.tsx',
      "import type { SessionStore } from '../../gateway/store/session-store.ts';",
      '../../gateway/store/session-store.ts',
    ],
    ['gateway/pages.ts', "import { formatCost } from '../page/formats.ts';", '../page/formats.ts'],
    ['cli/main.ts', "import { formatCost } from '../page/formats.ts';", '../page/formats.ts'],
    ['index.ts', "import { play } from './simulate/call.ts';", './simulate/call.ts'],
  ])('%s must not say %s', (path, source, target) => {
    const resolved = target.replace(/^(\.\.?\/)+/, '');
    expect(against({ [path]: source })).toEqual([`${path} must not import ${resolved}`]);
  });

  test('the relay may take types of record, and nothing that is loaded', () => {
    const types = "import type { Recorder } from '../record/recorder.ts';";
    const mixed = "import { createRecorder, type Recorder } from '../record/recorder.ts';";
    expect(against({ 'relay/server.ts': types })).toEqual([]);
    expect(against({ 'relay/server.ts': mixed })).toEqual([
      'relay/server.ts must not import values of record/recorder.ts',
    ]);
  });

  test('the page may take types of what the API answers, and nothing that is loaded', () => {
    const types = "import type { summarySchema } from '../gateway/api/schema.ts';";
    const values = "import { summarySchema } from '../gateway/api/schema.ts';";
    expect(against({ 'page/api.ts': types })).toEqual([]);
    expect(against({ 'page/api.ts': values })).toEqual([
      'page/api.ts must not import values of gateway/api/schema.ts',
    ]);
  });

  test('a room may import its own files, and cli may import any', () => {
    const own = "import { handle } from './connection.ts';";
    const all = "import '../monitor.ts'; import '../livekit/replay.ts'; import '../monitoring/artefacts.ts';";
    expect(against({ 'relay/server.ts': own, 'cli/main.ts': all })).toEqual([]);
  });

  test('a new room has to be entered in the layout', () => {
    expect(against({ 'cellar/wine.ts': '' })).toEqual([
      'cellar/wine.ts lies in the room cellar, which the layout does not know',
    ]);
  });
});

describe('packages', () => {
  test.each([
    ['relay/client.ts', "import { voice } from '@livekit/agents';", '@livekit/agents'],
    ['monitor.ts', "import type { AgentServer } from '@livekit/agents';", '@livekit/agents'],
    ['cli/main.ts', "type Sdk = typeof import('@livekit/agents');", '@livekit/agents'],
    ['gateway/app.ts', "import type { metrics } from '@livekit/agents';", '@livekit/agents'],
    ['http/app.ts', "import { Panel } from '@grafana/grafana-foundation-sdk/common';", '@grafana'],
    ['livekit/observe.ts', "import { EgressClient } from 'livekit-server-sdk';", 'livekit-server-sdk'],
    ['relay/server.ts', "import { Registry } from 'prom-client';", 'prom-client'],
    ['page/api.ts', "import { readFileSync } from 'node:fs';", 'node:fs'],
    ['page/list/view.tsx', "import express from 'express';", 'express'],
  ])('%s must not say %s', (path, source, name) => {
    expect(against({ [path]: source })).toEqual([expect.stringContaining(`${path} must not import ${name}`)]);
  });

  test('livekit and simulate know the SDK', () => {
    const source = "import { voice } from '@livekit/agents';";
    expect(against({ 'livekit/observe.ts': source, 'simulate/models/llm.ts': source })).toEqual([]);
  });

  test('session knows the shapes of the SDK, and nothing of it that is loaded', () => {
    const types = "import type { metrics } from '@livekit/agents';";
    const values = "import { metrics } from '@livekit/agents';";
    expect(against({ 'session/usage.ts': types })).toEqual([]);
    expect(against({ 'session/usage.ts': values })).toEqual([
      'session/usage.ts must not import values of @livekit/agents',
    ]);
  });
});

describe('shape', () => {
  test('imports run in no circle, also over types', () => {
    const files = {
      'http/a.ts': "import { b } from './b.ts';",
      'http/b.ts': "import type { C } from './c.ts';",
      'http/c.ts': "export { a } from './a.ts';",
    };
    expect(against(files)).toEqual(['import cycle: http/a.ts → http/b.ts → http/c.ts → http/a.ts']);
  });

  test('a module that two others import is no cycle', () => {
    const files = {
      'http/a.ts': "import './b.ts'; import './c.ts';",
      'http/b.ts': "import './c.ts';",
      'http/c.ts': '',
    };
    expect(against(files)).toEqual([]);
  });

  test('a file has at most 400 lines', () => {
    expect(against({ 'http/a.ts': '\n'.repeat(400) })).toEqual([]);
    expect(against({ 'http/a.ts': '\n'.repeat(401) })).toEqual([
      'http/a.ts has 401 lines; split it, 400 are enough',
    ]);
  });

  test.each(['http/utils.ts', 'http/string-util.ts', 'helpers/text.ts', 'http/test-helpers.ts'])(
    '%s is no name',
    (path) => {
      expect(against({ [path]: '' })).toContain(`${path} is named after nothing; name it after what it does`);
    },
  );

  test.each([
    'export default class {}',
    'const a = 1; export { a as default };',
    "export { a as default } from './b.ts';",
  ])('%s is refused, except where the SDK demands it', (source) => {
    expect(against({ 'simulate/call.ts': source })).toEqual(['simulate/call.ts has a default export']);
    expect(against({ 'simulate/agent.ts': source })).toEqual([]);
  });

  test('a file that is no TypeScript is told by its name', () => {
    expect(() => against({ 'http/a.ts': 'import from;' })).toThrow(/^http\/a\.ts: /);
  });
});
