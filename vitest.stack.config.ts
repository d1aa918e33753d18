import { defineConfig } from 'vitest/config';
import { SkippedReporter } from './test/skipped.ts';

/** Tests with real servers, `npm run test:stack`: for the most part they wait, so two run side by side. */
export default defineConfig({
  test: {
    include: ['test/**/*.stack.ts'],
    // An outage is waited for while the others compute.
    maxWorkers: 2,
    reporters: ['default', new SkippedReporter()],
    testTimeout: 30 * 60_000,
    hookTimeout: 30 * 60_000,
  },
});
