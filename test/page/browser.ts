import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach } from 'vitest';
// Hooks run last first: pages have to be closed before the gateways that they follow.
import '../gateway/running.ts';

const isThere = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** A Chromium of this machine; `apt-get install chromium` on Debian. */
const executablePath = (process.env.PATH ?? '')
  .split(delimiter)
  .flatMap((folder) => ['chromium', 'chromium-browser', 'google-chrome'].map((name) => join(folder, name)))
  .find(isThere);

if (executablePath === undefined && !process.env.CI) {
  console.warn(
    'There is no chromium on PATH: the page is not tested in a browser (Debian: apt-get install chromium)',
  );
}

/** Whether tests in a browser are to be left out: in CI, where .ci/run installs one, its absence is a failure. */
export const noBrowser = executablePath === undefined && !process.env.CI;

let browser: Promise<Browser> | undefined;
const pages: { page: Page; troubles: string[] }[] = [];

/** A Chromium of its own; with these variables of the environment, if they are given. */
export const launch = (env?: Record<string, string>): Promise<Browser> => {
  if (executablePath === undefined) throw new Error('There is no chromium on PATH');
  return chromium.launch({
    executablePath,
    env,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking'],
  });
};

/**
 * A page of its own. What its scripts throw, what the content policy refuses and whatever else ends up as an error on
 * the console fails the test, unless `takeTroubles` took it.
 */
export async function openPage(url: string, options: BrowserContextOptions = {}): Promise<Page> {
  browser ??= launch();
  const context = await (await browser).newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const troubles: string[] = [];
  pages.push({ page, troubles });
  page.on('pageerror', (error) => troubles.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') troubles.push(message.text());
  });
  await page.goto(url);
  return page;
}

/** What went wrong in a page so far, which is taken for expected. */
export function takeTroubles(page: Page): string[] {
  return pages.find((each) => each.page === page)?.troubles.splice(0) ?? [];
}

afterEach(async () => {
  const open = pages.splice(0);
  await Promise.all(open.map(({ page }) => page.context().close()));
  const troubles = open.flatMap((each) => each.troubles);
  if (troubles.length > 0) throw new Error(`The page had errors:\n${troubles.join('\n')}`);
});

afterAll(async () => (await browser)?.close());
