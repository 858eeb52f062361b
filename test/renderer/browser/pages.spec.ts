import { rightPassphrase } from '../fixture/memory-core.ts';
import { expect, passUntilSeen, test } from './fixture.ts';

test('the first run makes a vault with a suggested passphrase, typed once more', async ({ open }) => {
  const page = await open({ state: 'first-run' });
  await page.getByRole('button', { name: 'Use this' }).click();
  await expect(page.getByText(rightPassphrase)).toHaveCount(0);
  await page.getByLabel('Passphrase').fill('something else');
  await page.keyboard.press('Enter');
  await expect(page.getByText('That is not the same.')).toBeVisible();
  await page.getByLabel('Passphrase').fill(rightPassphrase);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'A way back in' })).toBeVisible();
  await page.getByRole('button', { name: 'Not now' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Inbox' })).toBeVisible();
});

test("a passphrase of one's own that is too weak comes back with what the core measured", async ({ open }) => {
  const page = await open({ state: 'first-run-file' });
  await expect(page.getByText(/offers no keychain/)).toBeVisible();
  await page.getByRole('button', { name: 'My own' }).click();
  await page.getByLabel('Your passphrase').fill('horse');
  await page.keyboard.press('Enter');
  await page.getByLabel('Passphrase').fill('horse');
  await page.keyboard.press('Enter');
  await expect(page.getByText(/measures 34 bits; 60 are needed/)).toBeVisible();
});

test('a wrong passphrase is said, and the wait counts down', async ({ open }) => {
  const page = await open({ state: 'locked', stopped: true });
  const field = page.getByLabel('Passphrase');
  await passUntilSeen(page, field);
  await field.fill('one');
  await page.keyboard.press('Enter');
  await passUntilSeen(page, page.getByText('That is not the passphrase.'));
  await expect(field).toHaveValue('');
  await field.fill('two');
  await page.keyboard.press('Enter');
  await passUntilSeen(page, page.getByText('Wait 4 s'));
  await page.clock.runFor(1500);
  await passUntilSeen(page, page.getByText(/Wait [123] s/));
  await page.clock.runFor(5000);
  await expect(page.getByText(/Wait/)).toHaveCount(0);
  await page.clock.resume();
  await field.fill(rightPassphrase);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Inbox' })).toBeVisible();
});

test('an open vault is no key to another page (security rule 1)', async ({ open }) => {
  const page = await open({ state: 'elsewhere' });
  await expect(page.getByText('The vault is open in another page.')).toBeVisible();
  await expect(page.getByRole('navigation')).toHaveCount(0);
});

test('a lock elsewhere locks this page', async ({ open }) => {
  const page = await open({ page: 'grants' });
  await page.getByRole('button', { name: 'Lock', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Unlock' })).toBeVisible();
  await expect(page.getByText('release-bot')).toHaveCount(0);
});

test('after data was put back nothing is ticked, and what is not ticked ends (security rule 8)', async ({ open }) => {
  const page = await open({ state: 'gap', page: 'grants' });
  await page.getByRole('button', { name: 'Answer' }).click();
  await expect(page.getByText(/The data was put back to how it was .+14 later changes are missing/)).toBeVisible();
  await expect(page.getByText('The record of a grant of Claude Code is older than it was, or was changed.')).toBeVisible();
  const ticks = page.getByRole('checkbox', { checked: true }).and(page.locator('fieldset input'));
  await expect(ticks).toHaveCount(0);
  const live = await page.locator('fieldset input').count();
  await expect(page.getByRole('button', { name: `End all ${live}` })).toBeVisible();
  await page.locator('fieldset input').first().check();
  await page.getByLabel('Your passphrase, to answer').fill(rightPassphrase);
  await page.getByRole('button', { name: `Keep 1, end ${live - 1}` }).click();
  await expect(page.getByText(`Answered: 1 kept, ${live - 1} ended.`)).toBeVisible();
  await expect(page.getByText('Every grant stands still')).toHaveCount(0);
});

test('a core that ended is said at once', async ({ open }) => {
  const page = await open({ page: 'grants' });
  await page.evaluate(() => window.endCore?.());
  await expect(page.getByRole('heading', { name: 'Counterfoil has stopped' })).toBeVisible();
});

test('ending everything, chosen in the tray, is asked first and done by the answer only (security rule 29)', async ({ open }) => {
  const page = await open({ page: 'grants?revoke=all' });
  const question = page.getByRole('group', { name: /^End all \d+ grants/ });
  await question.getByRole('button', { name: 'Keep them' }).click();
  await expect(question).toBeHidden();
  await expect(page.getByText(/\d+ live/).first()).toBeVisible();
  await page.evaluate(() => {
    location.hash = '#/grants?revoke=all';
  });
  await question.getByRole('button', { name: /^End all/ }).click();
  await expect(page.getByText(/^Revoked \d+ grants/)).toBeVisible();
  await expect(page.getByText('0 live')).toBeVisible();
});

test('no field asks the browser to keep the passphrase (security rule 1)', async ({ open }) => {
  const page = await open({ state: 'locked' });
  const field = page.locator('input[type=password]');
  await expect(field).toHaveAttribute('autocomplete', 'one-time-code');
});

test('nor does a field where a new passphrase is made (security rule 1)', async ({ open }) => {
  const page = await open({ state: 'first-run' });
  const field = page.locator('input[type=password]');
  await page.getByRole('button', { name: 'My own' }).click();
  await expect(field).toHaveAttribute('autocomplete', 'one-time-code');
  await page.getByLabel('Your passphrase').fill('horse');
  await page.keyboard.press('Enter');
  await expect(page.getByLabel('Your passphrase')).toHaveCount(0);
  await expect(field).toHaveAttribute('autocomplete', 'one-time-code');
});

test('grants are revoked by keyboard alone (goal U2)', async ({ open }) => {
  const page = await open({ page: 'grants' });
  await page.getByText('release-bot').waitFor();
  for (const key of ['j', 'x', 'j', 'x']) await page.keyboard.press(key);
  await page.getByRole('button', { name: 'Revoke selected (2)' }).press('Enter');
  await expect(page.getByText('Revoked 2 grants. Calls stop at once.')).toBeVisible();
  await expect(page.getByText('Upstream: pending, tried until confirmed.')).toBeVisible();
});

test('pausing is one press; resuming needs presence, where it is asked', async ({ open }) => {
  const page = await open({ page: 'agents' });
  await page.getByRole('button', { name: 'Pause all agents' }).click();
  await expect(page.getByText('All agents are paused.', { exact: true })).toBeVisible();
  await page.getByRole('main').getByRole('button', { name: 'Resume agents' }).click();
  await page.getByLabel(/to resume all agents/).fill(rightPassphrase);
  await page.keyboard.press('Enter');
  await expect(page.getByText('All agents are paused.', { exact: true })).toHaveCount(0);
});

test('a suspended agent is resumed only with presence', async ({ open }) => {
  const page = await open({ page: 'agents' });
  await page.getByRole('button', { name: 'Resume', exact: true }).click();
  await page.getByLabel(/to let night-summary work again/).fill('wrong');
  await page.keyboard.press('Enter');
  await expect(page.getByText('That is not the passphrase.')).toBeVisible();
});

test('a sign-in whose browser could not be opened gives the address', async ({ open }) => {
  const page = await open({ page: 'connections' });
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByLabel(/to sign in to Second Bank/).fill(rightPassphrase);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('link', { name: 'Open the sign-in page' })).toHaveAttribute(
    'href',
    /^https:\/\/first-bank\.example\/authorize/,
  );
});

test('a local server is added with presence, as it was typed', async ({ open }) => {
  const page = await open({ page: 'connections' });
  await page.getByRole('button', { name: 'Add a local server' }).click();
  const form = page.getByRole('group', { name: 'Add a local server' });
  await expect(form.getByLabel('Name')).toBeFocused();
  await form.getByLabel('Name').fill('Notes');
  await form.getByLabel('Address').fill('http://127.0.0.1:8080/mcp');
  await form.getByRole('button', { name: 'Read accounts' }).click();
  await form.getByLabel('Scopes').fill(' notes:read  notes:write ');
  await expect(form.getByText(/nobody can stop it before its end/)).toBeVisible();
  await form.getByRole('button', { name: 'By asking Counterfoil' }).click();
  await form.getByLabel('Public key of the server').fill('{"kty":"OKP"}');
  await form.getByLabel(/to add this server/).fill('wrong');
  await page.keyboard.press('Enter');
  await expect(form.getByText('That is not the passphrase.')).toBeVisible();
  await form.getByLabel(/to add this server/).fill(rightPassphrase);
  await page.keyboard.press('Enter');
  await expect(page.getByText('Notes was added.')).toBeVisible();
  await expect(form).toHaveCount(0);
  const sent = await page.evaluate(() => window.memoryCore?.calls.findLast(({ operation }) => operation === 'resources.add'));
  expect(sent).toMatchObject({
    presence: true,
    input: {
      name: 'Notes',
      url: 'http://127.0.0.1:8080/mcp',
      detailTypes: ['account_information'],
      scopes: ['notes:read', 'notes:write'],
      key: '{"kty":"OKP"}',
    },
  });
});

test('a local server is removed after one more press that says what ends', async ({ open }) => {
  const page = await open({ page: 'connections' });
  await page.getByRole('button', { name: 'Remove Notes' }).click();
  const question = page.getByRole('group', { name: /Remove Notes\?/ });
  await expect(question.getByText(/for up to 60 seconds more/)).toBeVisible();
  const removals = () =>
    page.evaluate(() => window.memoryCore?.calls.filter(({ operation }) => operation === 'resources.remove').length);
  expect(await removals()).toBe(0);
  await question.getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(page.getByText('Notes was removed.')).toBeVisible();
  expect(await removals()).toBe(1);
});

test('the chain is verified on request, and a break is said plainly', async ({ open }) => {
  const page = await open({ page: 'audit', state: 'broken-chain' });
  await page.getByRole('button', { name: 'Verify chain' }).click();
  await expect(page.getByText(/The chain is broken at entry 37/)).toBeVisible();
});

test('audit loads more, page by page', async ({ open }) => {
  const page = await open({ page: 'audit' });
  await expect(page.getByRole('row')).toHaveCount(51);
  await page.getByRole('button', { name: 'Load more' }).click();
  await expect(page.getByRole('row')).toHaveCount(101);
});

test('the demo starts from the empty inbox with presence', async ({ open }) => {
  const page = await open({ state: 'empty' });
  await page.getByRole('button', { name: 'Try it' }).click();
  await page.getByLabel(/to add the demo bank/).fill(rightPassphrase);
  await page.keyboard.press('Enter');
  await expect(page.getByText('Starting the demo bank and its agent…')).toBeVisible();
});

test('an error says what happened, what is unaffected, and can be tried again', async ({ open }) => {
  const page = await open({ state: 'error', page: 'grants' });
  await expect(page.getByText('The database could not be read. Check the free space on the disk.')).toBeVisible();
  await expect(page.getByText(/They are as they were/)).toBeVisible();
  await expect(page.getByRole('button', { name: 'Try again' })).toBeVisible();
});

for (const [width, height] of [
  [700, 900],
  [590, 360],
  [360, 640],
] as const) {
  for (const name of ['inbox', 'grants', 'agents', 'connections', 'audit', 'settings']) {
    test(`nothing runs out of the page: ${name} at ${width} by ${height}`, async ({ page, open }) => {
      await page.setViewportSize({ width, height });
      await open({ state: name === 'inbox' ? 'long' : 'full', page: name });
      await page.getByRole('heading', { level: 1 }).waitFor();
      const over = await page.evaluate(() =>
        [document.documentElement, document.querySelector('main')].map((one) => (one ? one.scrollWidth - one.clientWidth : 0)),
      );
      expect(over).toEqual([0, 0]);
    });
  }
}
