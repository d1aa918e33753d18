import { afterAll, afterEach } from 'vitest';

/** Close functions of the resources that tests opened, in the order of opening. */
const closes: (() => unknown)[] = [];
let untilEnd = false;

/** Registers a close function to run after the current test, last registered first. */
export function closeAfterTest(close: () => unknown): void {
  closes.push(close);
}

/** Defers closing until the last test of the file, for tests that run concurrently. */
export function keepUntilEnd(): void {
  untilEnd = true;
}

async function closeAll(): Promise<void> {
  const errors: unknown[] = [];
  for (let close = closes.pop(); close; close = closes.pop()) {
    try {
      await close();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}

/** Registers the hooks. To be called in a setup file, which is loaded for each test file even if test files share modules. */
export function closeAfterTests(): void {
  afterEach(async () => {
    if (!untilEnd) await closeAll();
  });
  afterAll(async () => {
    untilEnd = false;
    await closeAll();
  });
}
