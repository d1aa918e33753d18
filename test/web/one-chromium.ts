import type { TestProject } from 'vitest/node';
import { noBrowser, serveChromium } from './chromium.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where a Chromium listens. */
    chromium: string;
  }
}

/** Starts one Chromium for all tests of the page: each takes a context of its own in it, which shares nothing. */
export default async function startChromium(
  project: TestProject,
): Promise<(() => Promise<void>) | undefined> {
  if (noBrowser) {
    console.warn(
      'There is no Chromium on PATH: the page is not tested in a browser (Debian: apt-get install chromium-headless-shell)',
    );
    return undefined;
  }
  const server = await serveChromium();
  project.provide('chromium', server.wsEndpoint());
  return () => server.close();
}
