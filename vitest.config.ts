import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { SkippedReporter } from './test/skipped.ts';

const cores = availableParallelism();

/** Tests that start processes: workers with their jobs, the simulated call centre, real servers. */
const processes = [
  'test/{contributing,monitor,readme}.test.ts',
  'test/cli/*.test.ts',
  'test/gateway/**/*.test.ts',
  'test/livekit/processes.test.ts',
  'test/monitoring/{generate,bundle/alerts}.test.ts',
  'test/objects/*.test.ts',
  'test/relay/processes.test.ts',
  'test/simulate/*.test.ts',
  'test/stack/**/*.test.ts',
  'test/worker/*.test.ts',
];

/** Tests that replace modules or state of the whole process, such as the logger of the SDK. */
const isolated = [
  'test/http/**/*.test.ts',
  'test/livekit/{ownership,sdk-recording}.test.ts',
  'test/relay/without-descriptor.test.ts',
  'test/reports/settings.test.ts',
];

const pages = ['test/page/**/*.test.ts'];

/** Projects of a group run side by side, and one group after the other. */
const computing = { maxWorkers: cores, sequence: { groupOrder: 0 } };
/** These wait for most of their time, so more of them run than there are cores. */
const waiting = { maxWorkers: Math.max(4, 2 * cores), sequence: { groupOrder: 1 } };

export default defineConfig({
  test: {
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ['default', new SkippedReporter()],
    projects: [
      {
        extends: true,
        test: {
          ...computing,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...processes, ...isolated, ...pages],
          pool: 'threads',
          // Modules are loaded once for all files of a worker.
          isolate: false,
        },
      },
      { extends: true, test: { ...computing, name: 'isolated', include: isolated } },
      { extends: true, test: { ...waiting, name: 'process', include: processes } },
      {
        extends: true,
        test: {
          ...waiting,
          name: 'browser',
          include: pages,
          globalSetup: 'test/page/one-chromium.ts',
          setupFiles: 'test/page/setup.ts',
          // Modules are loaded once for all files of a worker, and a browser for all workers.
          pool: 'forks',
          isolate: false,
        },
      },
    ],
  },
});
