import axe from 'axe-core';
import type { Page } from 'playwright-core';

interface Result {
  violations: { id: string; help: string; nodes: { target: string[]; failureSummary?: string }[] }[];
}

/**
 * What axe finds against WCAG 2.2 AA and good practice in what a page shows now; a line each. All rules are asked of the page
 * in its light colours; of the dark ones, those about colours, for nothing else is different in them.
 */
export async function violationsIn(page: Page): Promise<string[]> {
  // It stays until the page is another one.
  if ((await page.evaluate('typeof axe')) === 'undefined') await page.evaluate(axe.source);
  const found = async (theme: 'light' | 'dark', options: object) => {
    await page.emulateMedia({ colorScheme: theme });
    const { violations } = (await page.evaluate(
      `axe.run(${JSON.stringify({ resultTypes: ['violations'], ...options })})`,
    )) as Result;
    return violations.flatMap(({ id, help, nodes }) =>
      nodes.map(
        ({ target, failureSummary }) => `${theme}: ${id}: ${help}: ${target.join(' ')}: ${failureSummary}`,
      ),
    );
  };
  const light = await found('light', {});
  const dark = await found('dark', { runOnly: ['color-contrast', 'link-in-text-block'] });
  await page.emulateMedia({ colorScheme: 'light' });
  return [...light, ...dark];
}
