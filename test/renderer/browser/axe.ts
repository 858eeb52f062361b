import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';

/** What a theme can change. The page's structure is the same in both, so it is judged in one of them. */
const rulesOfColours = ['color-contrast', 'link-in-text-block'];

/** What axe finds serious or critical; on a dark page, of what the colours decide. */
export async function seriousProblems(page: Page, theme: 'light' | 'dark' = 'light') {
  // Without frames there is nothing to gather in a page of its own, which would take longer than the rules.
  const axe = new AxeBuilder({ page }).setLegacyMode(true);
  const { violations } = await (theme === 'dark' ? axe.withRules(rulesOfColours) : axe).analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html, failureSummary }) => `${html.slice(0, 160)}\n${failureSummary}`) }));
}
