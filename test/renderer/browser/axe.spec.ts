import { seriousProblems } from './axe.ts';
import { expect, test } from './fixture.ts';

const pages = [
  ['full', 'inbox'],
  ['full', 'grants'],
  ['full', 'grants?id=grant-4'],
  ['full', 'agents'],
  ['full', 'connections'],
  ['full', 'audit'],
  ['full', 'settings'],
  ['low', 'inbox'],
  ['new-agent', 'inbox'],
  ['long', 'inbox'],
  ['several', 'inbox'],
  ['unknown', 'inbox'],
  ['program', 'inbox'],
  ['empty', 'inbox'],
  ['empty', 'grants'],
  ['empty', 'agents'],
  ['empty', 'connections'],
  ['empty', 'audit'],
  ['demo', 'inbox'],
  ['paused', 'grants'],
  ['gap', 'grants'],
  ['error', 'inbox'],
  ['error', 'grants'],
  ['loading', 'grants'],
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

for (const theme of ['light', 'dark'] as const) {
  for (const [state, name] of pages) {
    test(`axe finds nothing serious on ${name} (${state}, ${theme}) (goal U3)`, async ({ open }) => {
      const page = await open({ state, page: name, theme });
      if (name === 'inbox' && ['full', 'low', 'new-agent', 'long', 'several', 'unknown', 'program'].includes(state))
        await page.getByText('If you approve').waitFor();
      if (state === 'gap') await page.getByRole('button', { name: 'Answer' }).click();
      if (name === 'connections') {
        await page.getByRole('button', { name: 'Add a local server' }).click();
        await page.getByRole('button', { name: 'By asking Counterfoil' }).click();
      }
      if (name === 'settings') await page.getByRole('button', { name: 'Turn on' }).click();
      expect(await seriousProblems(page, theme)).toEqual([]);
    });
  }

  test(`axe finds nothing serious on the sheet of shortcuts (${theme})`, async ({ open }) => {
    const page = await open({ page: 'grants', theme });
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    expect(await seriousProblems(page, theme)).toEqual([]);
  });
}
