import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { inject } from 'vitest';

export { noBrowser } from './chromium.ts';

let browser: Promise<Browser> | undefined;
const pages: { page: Page; errors: string[] }[] = [];

/**
 * Opens a new page. Script errors, violations of the content security policy and other errors on the console fail
 * the test, unless `takePageErrors` removed them. Animations are reduced.
 */
export async function openPage(url: string, options: BrowserContextOptions = {}): Promise<Page> {
  browser ??= chromium.connect(inject('chromium'));
  const viewport = { width: 1280, height: 800 };
  const context = await (await browser).newContext({ viewport, reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const errors: string[] = [];
  pages.push({ page, errors });
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  await page.goto(url);
  return page;
}

/** Returns and removes the errors of a page so far, for tests that expect errors. */
export function takePageErrors(page: Page): string[] {
  return pages.find((each) => each.page === page)?.errors.splice(0) ?? [];
}

/** Closes the pages of a test, and fails it if they had errors. */
export async function closePages(): Promise<void> {
  const open = pages.splice(0);
  await Promise.all(open.map(({ page }) => page.context().close()));
  const errors = open.flatMap((each) => each.errors);
  if (errors.length > 0) throw new Error(`The page had errors:\n${errors.join('\n')}`);
}

export async function closeBrowser(): Promise<void> {
  const connected = browser;
  browser = undefined;
  await (await connected)?.close();
}
