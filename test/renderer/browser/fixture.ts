import { test as base, expect, type Locator, type Page } from '@playwright/test';
import { fixtureFolder } from './build.ts';
import { serveFolder } from './server.ts';

interface Options {
  readonly state?: string;
  readonly page?: string;
  readonly theme?: 'light' | 'dark';
  readonly dir?: 'ltr' | 'rtl';
  /** The page's time stands still: only its clock (`page.clock`) moves it, however slow the machine is. */
  readonly stopped?: boolean;
}

/** Waits for something in a stopped page, however slow the machine: the page's own time moves 20 ms with each look. */
export async function passUntilSeen(page: Page, what: Locator) {
  for (let step = 0; step < 300 && !(await what.isVisible()); step += 1) {
    await page.clock.runFor(20);
    await page.waitForTimeout(50);
  }
  await expect(what).toBeVisible();
}

interface Fixtures {
  /** Opens a page of the window in a state, and fails the test if the policy was broken on it. */
  open: (options?: Options) => Promise<Page>;
}

/** When a stopped page's time begins. */
const start = new Date('2026-11-22T12:00:00Z');

export const test = base.extend<Fixtures, { origin: string }>({
  origin: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright's form
    async ({}, use) => {
      const server = await serveFolder(fixtureFolder);
      await use(server.origin);
      await server.stop();
    },
    { scope: 'worker' },
  ],
  async open({ page, origin }, use) {
    const broken: string[] = [];
    await page.exposeFunction('reportViolation', (what: string) => broken.push(what));
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        void (window as unknown as { reportViolation(what: string): Promise<void> }).reportViolation(
          `${event.violatedDirective}: ${event.blockedURI}`,
        );
      });
    });
    page.on('pageerror', (error) => broken.push(String(error)));
    await use(async ({ state = 'full', page: name = 'inbox', theme = 'light', dir = 'ltr', stopped = false } = {}) => {
      if (stopped) {
        await page.clock.install({ time: start });
        await page.clock.pauseAt(start.getTime() + 60_000);
      }
      await page.goto(`${origin}/?state=${state}&theme=${theme}&dir=${dir}#/${name}`);
      const heading = page.locator('h1, h2').first();
      if (stopped) await passUntilSeen(page, heading);
      else await heading.waitFor();
      return page;
    });
    expect(broken).toEqual([]);
  },
});

export { expect };
