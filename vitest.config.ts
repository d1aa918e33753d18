import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { SkippedReporter } from './test/skipped.ts';

const cores = availableParallelism();

/** Tests that start processes: workers with their jobs, the simulated call centre, real servers. */
const processes = [
  'test/{contributing,linters,package,readme}.test.ts',
  'test/cli/*.test.ts',
  'test/gateway/**/*.test.ts',
  'test/agent/livekit/processes.test.ts',
  'test/monitoring/{generate,bundle/alerts}.test.ts',
  'test/objects/*.test.ts',
  'test/agent/relay/processes.test.ts',
  'test/simulate/*.test.ts',
  'test/stack/**/*.test.ts',
  'test/agent/worker/*.test.ts',
];

/** Tests that replace modules, which each worker of `unit` loads once. */
const mocking = readdirSync(join(import.meta.dirname, 'test'), { recursive: true, encoding: 'utf8' })
  .map((path) => join('test', path).replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.test.ts') && readFileSync(path, 'utf8').includes('vi.mock('));

/** Those, and tests that change what a whole process shares, such as its environment or the logger of the SDK. */
const isolated = [
  ...mocking,
  'test/http/**/*.test.ts',
  'test/agent/livekit/{destination,duplicate-events}.test.ts',
  'test/agent/monitor*.test.ts',
  'test/agent/otel/**/*.test.ts',
  'test/private-apis/*.test.ts',
];

const pages = ['test/web/**/*.test.ts'];

/** Projects of a group run side by side, and one group after the other. Of those that compute, too, one or the other waits. */
const computing = { maxWorkers: cores + 1, sequence: { groupOrder: 0 } };
/** These wait for most of their time, so more of them run than there are cores; each more loads the modules once more. */
const waiting = { maxWorkers: Math.max(4, 2 * cores + 1), sequence: { groupOrder: 1 } };
/** Modules are loaded once for all files of a worker. What a test leaves open is closed by the setup file, which is not. */
const shared = { isolate: false, setupFiles: 'test/setup.ts' };

export default defineConfig({
  test: {
    // A busy machine may need a hundred times as long as an idle one; a test that waits for what never comes says so earlier.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    reporters: ['default', new SkippedReporter()],
    projects: [
      {
        extends: true,
        test: {
          ...computing,
          ...shared,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...processes, ...isolated, ...pages],
          pool: 'threads',
        },
      },
      {
        extends: true,
        test: { ...computing, setupFiles: 'test/setup.ts', name: 'isolated', include: isolated },
      },
      {
        extends: true,
        test: { ...waiting, ...shared, name: 'process', include: processes, pool: 'forks' },
      },
      {
        extends: true,
        test: {
          ...waiting,
          name: 'browser',
          include: pages,
          globalSetup: 'test/web/one-chromium.ts',
          ...shared,
          // And a browser for all workers.
          setupFiles: 'test/web/setup.ts',
          pool: 'forks',
        },
      },
    ],
  },
});
