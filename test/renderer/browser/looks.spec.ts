import { test } from './fixture.ts';

/** Pictures of every page in every state, to be looked at: `LOOKS=1 playwright test --config test/renderer/playwright.config.ts looks`. */
const pages = [
  ['full', 'inbox'],
  ['full', 'grants'],
  ['full', 'agents'],
  ['full', 'connections'],
  ['empty', 'connections'],
  ['error', 'connections'],
  ['full', 'audit'],
  ['full', 'settings'],
  ['low', 'inbox'],
  ['new-agent', 'inbox'],
  ['long', 'inbox'],
  ['several', 'inbox'],
  ['unknown', 'inbox'],
  ['program', 'inbox'],
  ['cancelled', 'inbox?id=cancelled-1'],
  ['empty', 'inbox'],
  ['demo', 'inbox'],
  ['empty', 'grants'],
  ['paused', 'inbox'],
  ['gap', 'inbox'],
  ['gap', 'grants'],
  ['error', 'inbox'],
  ['first-run', 'inbox'],
  ['first-run-file', 'inbox'],
  ['locked', 'inbox'],
  ['elsewhere', 'inbox'],
  ['locked-code', 'inbox'],
  ['missing-item', 'inbox'],
  ['missing-keychain-file', 'inbox'],
  ['code-untested', 'settings'],
  ['code-tested', 'settings'],
  ['code-lost', 'settings'],
  ['link-used', 'inbox'],
  ['gone', 'inbox'],
] as const;
const sizes = { wide: [1180, 720], narrow: [700, 900], zoomed: [590, 360] } as const;

for (const theme of ['light', 'dark'] as const) {
  for (const [state, name] of pages) {
    for (const [size, [width, height]] of Object.entries(sizes)) {
      test(`${theme} ${size} ${name} ${state}`, async ({ page, open }) => {
        await page.setViewportSize({ width, height });
        await open({ state, page: name, theme });
        if (state === 'gap' && name === 'grants') await page.getByRole('button', { name: 'Answer' }).click();
        const add = page.getByRole('button', { name: 'Add a local server' });
        if (name === 'connections' && state !== 'error') {
          await add.click();
          await page.getByRole('button', { name: 'By asking Counterfoil' }).click();
        }
        await page.waitForTimeout(1100);
        await page.screenshot({ path: `test/output/looks/${size}-${theme}-${name.replace('?', '-')}-${state}.png` });
      });
    }
  }
}
