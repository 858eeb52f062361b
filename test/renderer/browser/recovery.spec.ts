import type { Page } from '@playwright/test';
import { fixtureCode, newPassphraseHere, rightPassphrase } from '../fixture/memory-core.ts';
import { seriousProblems } from './axe.ts';
import { expect, test } from './fixture.ts';

const otherCode = '00000-00000-00000-00000-00000-00000-00000-00000';
const withSlip = fixtureCode.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));

/** A picture to be looked at, when pictures are made: `LOOKS=1`. */
async function look(page: Page, name: string): Promise<void> {
  if (process.env['LOOKS']) await page.screenshot({ path: `test/output/looks/recovery-${name}.png` });
}

async function makeVault(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Use this' }).click();
  await page.getByLabel('Passphrase').fill(rightPassphrase);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'A way back in' })).toBeVisible();
}

for (const theme of ['light', 'dark'] as const) {
  test(`after the passphrase a recovery code is offered, shown once, printed and typed back (${theme})`, async ({ open }) => {
    const page = await open({ state: 'first-run', theme });
    await makeVault(page);
    await look(page, `${theme}-1-offer`);
    expect(await seriousProblems(page, theme)).toEqual([]);
    await page.getByLabel('Your passphrase, to make the code').fill(rightPassphrase);
    await page.keyboard.press('Enter');
    await expect(page.getByText(fixtureCode.split('-')[0] ?? '')).toBeVisible();
    await look(page, `${theme}-2-shown`);
    expect(await seriousProblems(page, theme)).toEqual([]);
    await page.evaluate(() => {
      window.print = () => void document.body.setAttribute('data-printed', 'yes');
    });
    await page.getByRole('button', { name: 'Print' }).click();
    await expect(page.locator('body')).toHaveAttribute('data-printed', 'yes');
    await page.emulateMedia({ media: 'print' });
    await expect(page.getByText('Whoever has this paper')).toBeVisible();
    await expect(page.getByRole('button', { name: 'Print', includeHidden: true })).toBeHidden();
    expect(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)).toBe('light');
    await look(page, `${theme}-3-paper`);
    await page.emulateMedia({ media: 'screen' });

    await page.getByRole('button', { name: 'I have it on paper' }).click();
    await expect(page.getByText(fixtureCode.split('-')[0] ?? '')).toHaveCount(0);
    await page.getByLabel('Recovery code').fill(withSlip);
    await page.keyboard.press('Enter');
    await expect(page.getByText('There is a slip in group 8.')).toBeVisible();
    await expect(page.getByLabel('Recovery code')).toHaveValue(withSlip);
    await look(page, `${theme}-4-slip`);
    expect(await seriousProblems(page, theme)).toEqual([]);
    await page.getByLabel('Recovery code').fill(otherCode);
    await page.keyboard.press('Enter');
    await expect(page.getByText('That is not the recovery code.')).toBeVisible();
    await page.getByLabel('Recovery code').fill(fixtureCode.toLowerCase().replaceAll('-', ' '));
    await page.keyboard.press('Enter');
    await expect(page.getByText('The code works')).toBeVisible();
    await look(page, `${theme}-5-done`);
    await page.getByRole('button', { name: 'Done' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Inbox' })).toBeVisible();
  });

  test(`a forgotten passphrase: the code, a new passphrase, and the vault is open (${theme})`, async ({ open }) => {
    const page = await open({ state: 'locked-code', theme });
    await page.getByRole('button', { name: 'Use the recovery code' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Use the recovery code' })).toBeVisible();
    await page.getByLabel('Recovery code').fill('too short');
    await page.keyboard.press('Enter');
    await expect(page.getByText(/There is a sign in it|That is not the whole code/)).toBeVisible();
    await look(page, `${theme}-6-recover`);
    expect(await seriousProblems(page, theme)).toEqual([]);
    await page.getByLabel('Recovery code').fill(otherCode);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'My own' }).click();
    await page.getByLabel('Your passphrase').fill(newPassphraseHere);
    await page.keyboard.press('Enter');
    await page.getByLabel('Passphrase').fill(newPassphraseHere);
    await page.keyboard.press('Enter');
    await expect(page.getByText('That is not the recovery code.')).toBeVisible();
    await page.getByLabel('Recovery code').fill(fixtureCode);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'My own' }).click();
    await page.getByLabel('Your passphrase').fill('horse');
    await page.keyboard.press('Enter');
    await page.getByLabel('Passphrase').fill('horse');
    await page.keyboard.press('Enter');
    await expect(page.getByText(/measures 34 bits/)).toBeVisible();
    await look(page, `${theme}-7-weak`);
    await page.getByLabel('Your passphrase').fill(newPassphraseHere);
    await page.keyboard.press('Enter');
    await page.getByLabel('Passphrase').fill(newPassphraseHere);
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { level: 1, name: 'Inbox' })).toBeVisible();
  });
}

test('a missing keychain item is said with what to do, and never looks like a first start (goal M3)', async ({ open }) => {
  const page = await open({ state: 'missing-item' });
  await expect(page.getByRole('heading', { level: 1, name: 'Something is missing' })).toBeVisible();
  await expect(page.getByText('The keychain item that belongs to this data is missing.')).toBeVisible();
  await expect(page.getByText(/Restore the keychain/)).toBeVisible();
  await expect(page.getByText('Choose a passphrase')).toHaveCount(0);
  await page.getByRole('button', { name: 'It is back: use the passphrase' }).click();
  await page.getByLabel('Passphrase').fill(rightPassphrase);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Inbox' })).toBeVisible();
});

test('from a missing keychain item the recovery code leads into the vault', async ({ open }) => {
  const page = await open({ state: 'missing-item' });
  await page.getByLabel('Recovery code').fill(fixtureCode);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Use this' }).click();
  await page.getByLabel('Passphrase').fill(rightPassphrase);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Inbox' })).toBeVisible();
});

test('where no code was made none is asked for', async ({ open }) => {
  const page = await open({ state: 'locked' });
  await expect(page.getByRole('button', { name: 'Unlock' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Use the recovery code' })).toHaveCount(0);
});

test('Settings say how it stands with the code, and make another with presence', async ({ open }) => {
  const page = await open({ page: 'settings' });
  await expect(page.getByText('None', { exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'Make a code' }).click();
  await page.getByLabel('Your passphrase, to make the code').fill('wrong');
  await page.keyboard.press('Enter');
  await expect(page.getByText('That is not the passphrase.')).toBeVisible();
  await page.getByLabel('Your passphrase, to make the code').fill(rightPassphrase);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'I have it on paper' }).click();
  await page.getByLabel('Recovery code').fill(fixtureCode);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Done' }).click();
  await expect(page.getByText('Tested', { exact: true })).toBeVisible();
});

for (const [state, said] of [
  ['code-untested', 'The code before it still works'],
  ['code-lost', 'no earlier code is accepted'],
] as const) {
  test(`Settings explain a code that is ${state.slice(5)}`, async ({ open }) => {
    const page = await open({ page: 'settings', state });
    await expect(page.getByText(said)).toBeVisible();
  });
}

test('the passphrase is changed with the one before, twice the same, and strong', async ({ open }) => {
  const page = await open({ page: 'settings' });
  await page.getByRole('button', { name: 'Change the passphrase' }).click();
  const fill = async (current: string, next: string, repeat: string) => {
    await page.getByLabel('Your passphrase', { exact: true }).fill(current);
    await page.getByLabel('The new one', { exact: true }).fill(next);
    await page.getByLabel('The new one, once more').fill(repeat);
    await page.getByRole('button', { name: 'Change it' }).click();
  };
  await page.getByRole('button', { name: 'Suggest one' }).click();
  await expect(page.getByText('Five random words.')).toBeVisible();
  await look(page, 'light-8-change');
  expect(await seriousProblems(page)).toEqual([]);
  await fill(rightPassphrase, newPassphraseHere, 'something else');
  await expect(page.getByText('The two are not the same.')).toBeVisible();
  await fill('wrong', newPassphraseHere, newPassphraseHere);
  await expect(page.getByText('That is not the passphrase.')).toBeVisible();
  await fill(rightPassphrase, 'horse', 'horse');
  await expect(page.getByText(/measures 34 bits/)).toBeVisible();
  await fill(rightPassphrase, newPassphraseHere, newPassphraseHere);
  await expect(page.getByText('The passphrase was changed.')).toBeVisible();
});

for (const state of ['missing-item', 'locked-code']) {
  test(`nothing runs out of a small page: ${state}`, async ({ page, open }) => {
    await page.setViewportSize({ width: 360, height: 640 });
    await open({ state });
    if (state === 'locked-code') await page.getByRole('button', { name: 'Use the recovery code' }).click();
    await page.getByLabel('Recovery code').fill(fixtureCode);
    await look(page, `light-small-${state}`);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(0);
  });
}
