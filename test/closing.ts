import { afterAll, afterEach } from 'vitest';

/** How to close what tests have opened, in the order in which they have. */
const closes: (() => unknown)[] = [];
let untilEnd = false;

/** Has something closed after the test that opens it: the last that was opened is the first that is closed. */
export function closeAfterTest(close: () => unknown): void {
  closes.push(close);
}

/** Has everything stay open until the last test of the file: for tests that run side by side. */
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

/** For a setup file, which is loaded for each file of tests, also where files share their modules. */
export function closeAfterTests(): void {
  afterEach(async () => {
    if (!untilEnd) await closeAll();
  });
  afterAll(async () => {
    untilEnd = false;
    await closeAll();
  });
}
