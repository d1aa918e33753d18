import { defineConfig } from 'vitest/config';

/** Tests with real servers, `npm run test:stack`: one after the other, for they measure time and need the machine. */
export default defineConfig({
  test: {
    include: ['test/stack/**/*.stack.ts'],
    fileParallelism: false,
    testTimeout: 30 * 60_000,
    hookTimeout: 30 * 60_000,
  },
});
