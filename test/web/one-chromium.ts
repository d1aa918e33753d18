import type { TestProject } from 'vitest/node';
import { noBrowser, serveChromium } from './chromium.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The WebSocket endpoint of the Chromium. */
    chromium: string;
  }
}

/** Starts one Chromium for all browser tests. Each page has its own context, so that tests share no state. */
export default async function startChromium(
  project: TestProject,
): Promise<(() => Promise<void>) | undefined> {
  if (noBrowser) {
    console.warn(
      'No Chromium on PATH: the page is not tested in a browser (Debian: apt-get install chromium-headless-shell)',
    );
    return undefined;
  }
  const server = await serveChromium();
  project.provide('chromium', server.wsEndpoint());
  return () => server.close();
}
