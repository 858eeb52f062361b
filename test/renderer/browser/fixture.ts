import { test as base, expect, type Page } from '@playwright/test';
import { fixtureFolder } from './build.ts';
import { serveFolder } from './server.ts';

interface Options {
  readonly state?: string;
  readonly page?: string;
  readonly theme?: 'light' | 'dark';
  readonly dir?: 'ltr' | 'rtl';
}

interface Fixtures {
  /** Opens a page of the window in a state, and fails the test if the policy was broken on it. */
  open: (options?: Options) => Promise<Page>;
}

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
    await use(async ({ state = 'full', page: name = 'inbox', theme = 'light', dir = 'ltr' } = {}) => {
      await page.goto(`${origin}/?state=${state}&theme=${theme}&dir=${dir}#/${name}`);
      await page.locator('h1, h2').first().waitFor();
      return page;
    });
    expect(broken).toEqual([]);
  },
});

export { expect };
