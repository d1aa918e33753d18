import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { inject } from 'vitest';

export { noBrowser } from './chromium.ts';

let browser: Promise<Browser> | undefined;
const pages: { page: Page; troubles: string[] }[] = [];

/**
 * A page of its own. What its scripts throw, what the content policy refuses and whatever else ends up as an error on
 * the console fails the test, unless `takeTroubles` took it. Nothing in it moves for the sake of moving.
 */
export async function openPage(url: string, options: BrowserContextOptions = {}): Promise<Page> {
  browser ??= chromium.connect(inject('chromium'));
  const viewport = { width: 1280, height: 800 };
  const context = await (await browser).newContext({ viewport, reducedMotion: 'reduce', ...options });
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

/** Closes the pages of a test, and fails it if they had errors. */
export async function closePages(): Promise<void> {
  const open = pages.splice(0);
  await Promise.all(open.map(({ page }) => page.context().close()));
  const troubles = open.flatMap((each) => each.troubles);
  if (troubles.length > 0) throw new Error(`The page had errors:\n${troubles.join('\n')}`);
}

export async function leaveBrowser(): Promise<void> {
  const left = browser;
  browser = undefined;
  await (await left)?.close();
}
