import axe from 'axe-core';
import type { Page } from 'playwright-core';

interface Result {
  violations: { id: string; help: string; nodes: { target: string[]; failureSummary?: string }[] }[];
}

/**
 * Returns the axe violations of WCAG 2.2 AA and best practices on the current page, one per line. All rules are checked
 * in the light theme, and only the colour rules in the dark theme, because nothing else differs.
 */
export async function violationsIn(page: Page): Promise<string[]> {
  // The script stays until the page navigates.
  if ((await page.evaluate('typeof axe')) === 'undefined') await page.evaluate(axe.source);
  const violations = async (theme: 'light' | 'dark', options: object) => {
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
  const light = await violations('light', {});
  const dark = await violations('dark', { runOnly: ['color-contrast', 'link-in-text-block'] });
  await page.emulateMedia({ colorScheme: 'light' });
  return [...light, ...dark];
}
