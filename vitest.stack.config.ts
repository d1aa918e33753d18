import { defineConfig } from 'vitest/config';
import { SkippedReporter } from './test/skipped.ts';

/** Tests with real servers, `npm run test:stack`: for the most part they wait, so three run side by side. */
export default defineConfig({
  test: {
    include: ['test/**/*.stack.ts'],
    setupFiles: 'test/setup.ts',
    // An outage is waited for while the others compute.
    maxWorkers: 3,
    reporters: ['default', new SkippedReporter()],
    testTimeout: 30 * 60_000,
    hookTimeout: 30 * 60_000,
  },
});
