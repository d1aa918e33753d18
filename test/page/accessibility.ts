import axe from 'axe-core';
import type { Page } from 'playwright-core';

interface Result {
  violations: { id: string; help: string; nodes: { target: string[]; failureSummary?: string }[] }[];
}

/** What axe finds against WCAG 2.2 AA and good practice in what a page shows now; a line each. */
export async function violationsIn(page: Page): Promise<string[]> {
  // It stays until the page is another one.
  if ((await page.evaluate('typeof axe')) === 'undefined') await page.evaluate(axe.source);
  const { violations } = (await page.evaluate('axe.run()')) as Result;
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help}: ${target.join(' ')}: ${failureSummary}`),
  );
}
