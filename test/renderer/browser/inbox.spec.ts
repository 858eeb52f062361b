import type { Page } from '@playwright/test';
import { rightPassphrase } from '../fixture/memory-core.ts';
import { expect, passUntilSeen, test } from './fixture.ts';

/** Operations that the page has sent so far, of one kind. */
const sent = (page: Page, operation: string) =>
  page.evaluate((name) => window.memoryCore?.calls.filter((call) => call.operation === name) ?? [], operation);

const approve = (page: Page) => page.getByRole('button', { name: /^Approve/ });
const ready = (page: Page) => expect(approve(page)).toHaveAttribute('aria-disabled', 'false');

/** Waits until a card that needs presence can be decided, and leaves the keyboard to the page. */
async function guardOpen(page: Page) {
  const field = page.getByLabel('Your passphrase, to approve this');
  await field.fill('anything');
  await ready(page);
  await field.fill('');
  await field.blur();
}

test('a card cannot be decided in its first 700 ms, by key or by click (goal A3)', async ({ open }) => {
  const page = await open({ state: 'low', stopped: true });
  await passUntilSeen(page, page.getByRole('button', { name: /^Deny D?/ }).first());
  await page.keyboard.press('a');
  await page.keyboard.press('d');
  await page.getByRole('button', { name: 'Deny', exact: true }).click();
  expect(await sent(page, 'approvals.approve')).toEqual([]);
  expect(await sent(page, 'approvals.deny')).toEqual([]);
  await page.clock.runFor(700);
  await ready(page);
  await page.keyboard.press('a');
  await passUntilSeen(page, page.getByText('Approved for Cursor.'));
  await passUntilSeen(page, page.getByRole('heading', { name: 'Nothing waits for you' }));
  expect(await sent(page, 'approvals.approve')).toHaveLength(1);
});

test('another card starts the wait again: j and then a at once approves nothing (goal A3)', async ({ open }) => {
  const page = await open({ state: 'many', stopped: true });
  await passUntilSeen(page, approve(page));
  await page.clock.runFor(700);
  await ready(page);
  await page.keyboard.press('j');
  await passUntilSeen(page, page.locator('li:nth-child(2) [aria-current="true"]'));
  await page.keyboard.press('a');
  expect(await sent(page, 'approvals.approve')).toEqual([]);
});

test('nothing is decided while the window is not in front (goal A3)', async ({ open }) => {
  const page = await open({ state: 'low' });
  await ready(page);
  await page.evaluate(() => {
    document.hasFocus = () => false;
    window.dispatchEvent(new Event('blur'));
  });
  await expect(approve(page)).toHaveAttribute('aria-disabled', 'true');
  await page.keyboard.press('a');
  await page.keyboard.press('d');
  expect(await sent(page, 'approvals.approve')).toEqual([]);
  expect(await sent(page, 'approvals.deny')).toEqual([]);
});

test('a held a approves one request at most', async ({ open }) => {
  const page = await open({ state: 'many' });
  await ready(page);
  for (let repeat = 0; repeat < 30; repeat += 1) await page.keyboard.down('a');
  await page.keyboard.up('a');
  expect(await sent(page, 'approvals.approve')).toHaveLength(1);
});

test('g a goes to the agents and approves nothing', async ({ open }) => {
  const page = await open({ state: 'low' });
  await ready(page);
  await page.keyboard.press('g');
  await page.keyboard.press('a');
  await expect(page.getByRole('heading', { level: 1, name: 'Agents' })).toBeVisible();
});

test('high risk has no default: Approve fills only with the passphrase, and Enter sends it sealed', async ({ open }) => {
  const page = await open({ state: 'high' });
  await page.getByText('payment_initiation, one payment').waitFor();
  await guardOpen(page);
  await expect(approve(page)).toHaveAttribute('aria-disabled', 'true');
  await page.keyboard.press('Enter');
  await page.keyboard.press('a');
  await expect(page.getByLabel('Your passphrase, to approve this')).toBeFocused();
  await page.keyboard.type(rightPassphrase);
  await ready(page);
  await page.keyboard.press('Enter');
  await expect(page.getByText('Approved for Claude Code.')).toBeVisible();
  const [call] = await sent(page, 'approvals.approve');
  expect(call?.presence).toBe(true);
  expect(JSON.stringify(await page.evaluate(() => window.memoryCore?.calls))).not.toContain(rightPassphrase);
});

test('a wrong passphrase says so, empties the field, and makes the person wait', async ({ open }) => {
  const page = await open({ state: 'high', stopped: true });
  const field = page.getByLabel('Your passphrase, to approve this');
  await passUntilSeen(page, field);
  await page.clock.runFor(700);
  await field.fill('wrong');
  await ready(page);
  await field.press('Enter');
  await passUntilSeen(page, page.getByText('That is not the passphrase.'));
  await expect(field).toHaveValue('');
  await field.fill('wrong again');
  await field.press('Enter');
  await passUntilSeen(page, page.getByText(/Wait \d s/));
  await field.fill(rightPassphrase);
  await expect(approve(page)).toHaveAttribute('aria-disabled', 'true');
  await page.clock.runFor(5000);
  await ready(page);
});

test('a lowered amount is what is approved, under the digest of the card that showed it', async ({ open }) => {
  const page = await open({ state: 'high' });
  const amount = page.getByRole('textbox', { name: 'Amount at most' });
  await amount.fill('250.01');
  await expect(page.getByText('Not more than was asked: 250.00.')).toBeVisible();
  await page.getByLabel('Your passphrase, to approve this').fill(rightPassphrase);
  await expect(approve(page)).toHaveAttribute('aria-disabled', 'true');
  await amount.fill('180');
  await expect(page.getByText('asked 250.00, you lowered it')).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Pay €180.00' })).toBeVisible();
  await ready(page);
  await approve(page).click();
  await expect.poll(async () => (await sent(page, 'approvals.approve')).length).toBe(1);
  const [call] = await sent(page, 'approvals.approve');
  expect(call?.input).toMatchObject({
    cardVersion: 3,
    askedDigest: '88d01b5e4f9a2c71e7d2f1a09c3b5d88',
    grantedDigest: '4f9a2c7188d01b5e180.00once',
  });
});

test('what the core would refuse is said on the card, and cannot be approved', async ({ open }) => {
  const page = await open({ state: 'new-agent' });
  await page.getByLabel('Name this agent').fill('night job');
  await page.getByLabel('Your passphrase, to approve this').fill(rightPassphrase);
  await ready(page);
  await page.getByRole('button', { name: 'offline' }).click();
  await expect(page.getByText('The details need the scope that was taken out. Put it back.')).toBeVisible();
  await expect(approve(page)).toHaveAttribute('aria-disabled', 'true');
});

test('a new agent is named before it is approved, and one answer decides both', async ({ open }) => {
  const page = await open({ state: 'new-agent' });
  await page.getByLabel('Your passphrase, to approve this').fill(rightPassphrase);
  await expect(page.getByText('Give the agent a name to approve.')).toBeVisible();
  await expect(approve(page)).toHaveAttribute('aria-disabled', 'true');
  await expect(page.getByRole('button', { name: 'Use this name' })).toHaveCount(0);
  await page.getByLabel('Name this agent').fill('night job');
  await ready(page);
  await approve(page).click();
  await expect(page.getByText('Approved for night job.')).toBeVisible();
  expect((await sent(page, 'approvals.approve'))[0]?.input).toMatchObject({ agentName: 'night job' });
});

test('deny takes one key, with a reason if one was written', async ({ open }) => {
  const page = await open({ state: 'full' });
  await guardOpen(page);
  await page.keyboard.press('d');
  await expect(page.getByText('Denied. Claude Code was told.')).toBeVisible();
  await page.getByRole('button', { name: 'Deny with a reason' }).click();
  await page.getByLabel('Name this agent').fill('night job');
  await guardOpen(page);
  await page.getByLabel(/Reason/).fill('not today');
  await page.getByLabel(/Reason/).press('Enter');
  await expect
    .poll(async () => (await sent(page, 'approvals.deny')).map((call) => call.input))
    .toEqual([{ id: 'high-1' }, { id: 'new-1', reason: 'not today' }]);
});

test('a request that comes in is announced and never takes the place of the one being read', async ({ open }) => {
  const page = await open({ state: 'low' });
  await ready(page);
  await page.evaluate(() => window.memoryCore?.ask());
  await expect(page.getByText(/^New request from release-bot: Read the .* Low risk\.$/)).toBeAttached();
  await expect(page.locator('[aria-current="true"]')).toHaveText(/Cursor/);
  await ready(page);
});

test('the toast leads to the grant', async ({ open }) => {
  const page = await open({ state: 'low' });
  await ready(page);
  await page.keyboard.press('a');
  await page.getByRole('button', { name: 'See the grant' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Grants' })).toBeVisible();
  await expect(page.getByText('Digest of what you signed')).toBeVisible();
});

test('what an agent wrote is drawn as characters: no markup, no link, nothing turned around (goal A2)', async ({ open }) => {
  const page = await open({ state: 'new-agent' });
  const claim = page.locator('figure blockquote');
  await expect(claim).toContainText('⟨RLO⟩tnuocca ruoy⟨PDF⟩');
  await expect(claim).toContainText('<b>bold</b> [link](javascript:alert(1))');
  expect(await claim.locator('b, a, strong').count()).toBe(0);
});

test('ten thousand characters fold away and leave the buttons in sight', async ({ open }) => {
  const page = await open({ state: 'long' });
  await page
    .locator('figure')
    .getByRole('button', { name: /Show all/ })
    .click();
  await expect(approve(page)).toBeInViewport();
  await expect(page.getByRole('button', { name: 'Deny', exact: true })).toBeInViewport();
});

test('Later goes to the next request and decides nothing', async ({ open }) => {
  const page = await open({ state: 'full' });
  await expect(approve(page)).toBeVisible();
  await page.keyboard.press('l');
  await expect(page.locator('[aria-current="true"]')).toHaveText(/New agent/);
  expect(await sent(page, 'approvals.deny')).toEqual([]);
});

test('a card that changes while it is read says so, and starts the wait and the answer again', async ({ open }) => {
  const page = await open({ state: 'low' });
  await ready(page);
  await page.getByRole('button', { name: 'balances', exact: true }).click();
  await page.evaluate(() => window.memoryCore?.change('low-1'));
  await expect(page.getByText('The request changed while you looked at it.')).toBeVisible();
  await page.keyboard.press('a');
  expect(await sent(page, 'approvals.approve')).toEqual([]);
  await expect(page.getByRole('button', { name: 'balances', exact: true })).toHaveAttribute('aria-pressed', 'true');
});

test('a decided request can be looked at again, without anything to decide', async ({ open }) => {
  const page = await open({ state: 'full' });
  await page.getByText('Recent decisions').click();
  await page.getByRole('button', { name: /Approved/ }).click();
  await expect(page.getByText('This was approved. The grant is in your list.')).toBeVisible();
  await expect(approve(page)).toHaveCount(0);
  await expect(page.getByText('If you approve')).toHaveCount(0);
});

/** Milliseconds from a key to the frame that shows what it did, for some steps through the queue. */
const stepTimes = (page: Page) =>
  page.evaluate(async () => {
    const measured: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      const start = performance.now();
      document.dispatchEvent(new KeyboardEvent('keydown', { key: round % 2 === 0 ? 'j' : 'k', bubbles: true }));
      await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      measured.push(performance.now() - start);
    }
    return measured;
  });

function quantile(times: readonly number[], part: number): number {
  return times.toSorted((left, right) => left - right)[Math.floor(times.length * part)] ?? 0;
}

test('every key moves the selection with 500 waiting requests as with five; the times are printed (goal P8)', async ({
  browser,
  origin,
}) => {
  const pages = { five: await browser.newPage(), many: await browser.newPage() };
  const times = { five: [] as number[], many: [] as number[] };
  for (const [state, page] of Object.entries(pages)) {
    await page.goto(`${origin}/?state=${state}`);
    await ready(page);
  }
  for (let round = 0; round < 5; round += 1) {
    for (const state of ['five', 'many'] as const) {
      await pages[state].bringToFront();
      times[state].push(...(await stepTimes(pages[state])));
    }
  }
  const p95 = quantile(times.many, 0.95);
  console.log(
    `P8 key to paint: 500 waiting p50 ${quantile(times.many, 0.5).toFixed(0)} ms, p95 ${p95.toFixed(0)} ms; 5 waiting p95 ${quantile(times.five, 0.95).toFixed(0)} ms`,
  );
  // Times beside other work measure the other work, so they are printed and not judged.
  for (const page of Object.values(pages)) {
    const current = page.locator('[aria-current=true]');
    const before = await current.innerText();
    await page.bringToFront();
    await page.keyboard.press('j');
    await expect(current).not.toHaveText(before, { useInnerText: true });
    await page.close();
  }
});

test('what nobody knows is drawn whole on the card, every line in sight without a press, as characters (security rule 7)', async ({
  open,
}) => {
  const page = await open({ state: 'unknown' });
  const whole = page.getByRole('region', { name: 'Every line of com.example.shred' });
  await expect(whole.getByText('https://files.example/b')).toBeVisible();
  await expect(whole.getByText(/x{900} <b>the end of it<\/b>/)).toBeVisible();
  await expect(whole.getByText('for⟨RLO⟩ever')).toBeVisible();
  await expect(whole.getByText('“true”')).toBeVisible();
  await expect(whole.getByText('(empty list)')).toBeVisible();
  await expect(whole.getByText('(empty object)')).toBeVisible();
  await expect(whole.getByText('null', { exact: true })).toBeVisible();
  await expect(whole.getByRole('button')).toHaveCount(0);
  await expect(whole.locator('a, b, details')).toHaveCount(0);
});

test('several things in one request have a sentence each, and each can be taken out whole but the last', async ({ open }) => {
  const page = await open({ state: 'several' });
  await expect(page.getByRole('heading', { name: '3 things in one request' })).toBeVisible();
  for (const name of [/^Pay €250.00/, /^Read the list/, /^Allow something/])
    await expect(page.getByRole('heading', { level: 3, name })).toBeVisible();
  await page.getByLabel('Amount at most').fill('180.00');
  await expect(page.getByRole('heading', { level: 3, name: /^Pay €180.00/ })).toBeVisible();
  await page.getByRole('button', { name: /^Take out: Allow something/ }).click();
  await expect(page.getByText('Taken out by you. It is not granted.')).toBeVisible();
  await page.getByRole('button', { name: /^Take out: Pay/ }).click();
  await expect(page.getByLabel('Amount at most')).toHaveCount(0);
  await expect(page.getByRole('button', { name: /^Take out/ })).toHaveCount(0);
  const sent = () =>
    page.evaluate(() => {
      const last = window.memoryCore?.calls.findLast(({ operation }) => operation === 'approvals.preview');
      return (last?.input['narrowing'] as { details: { type: string }[] } | undefined)?.details.map(({ type }) => type);
    });
  await expect.poll(sent).toEqual(['account_information']);
  await page.getByRole('button', { name: /^Put back: Pay/ }).click();
  await expect.poll(sent).toEqual(['payment_initiation', 'account_information']);
  await expect(page.getByLabel('Amount at most')).toHaveValue('250.00');
});

test('a limit and an end can be narrowed and never widened (security rule 7)', async ({ open }) => {
  const page = await open({ state: 'several' });
  const sent = () =>
    page.evaluate(() => {
      const last = window.memoryCore?.calls.findLast(({ operation }) => operation === 'approvals.preview');
      return (last?.input['narrowing'] as { details: Record<string, unknown>[] } | undefined)?.details[1];
    });
  await page.getByLabel(/^At most/).fill('51');
  await expect(page.getByText('A whole number from 1 to 50.')).toBeVisible();
  await page.getByLabel(/^At most/).fill('12');
  await page.getByLabel('Not after').fill('2027-01-01T00:00:00');
  await expect(page.getByText(/^A day and time not after 2026-12-2/)).toBeVisible();
  await page.getByLabel('Not after').fill('2026-12-20T12:00:00');
  await expect.poll(async () => (await sent())?.['entries']).toBe(12);
  await expect.poll(async () => String((await sent())?.['until'])).toMatch(/^2026-12-20T\d\d:00:00Z$|^2026-12-19T\d\d:00:00Z$/);
});

test('a question about another program offers nothing but the time (security rule 14)', async ({ open }) => {
  const page = await open({ state: 'program' });
  await expect(page.getByRole('heading', { level: 2, name: /^Go on from another program/ })).toBeVisible();
  await expect(page.getByRole('group', { name: 'Good for' })).toBeVisible();
  await expect(page.getByRole('group', { name: 'Scopes' })).toHaveCount(0);
  await expect(page.getByRole('button', { name: /^Take out/ })).toHaveCount(0);
});

test('a request that the agent withdrew says so, with nothing to decide', async ({ open }) => {
  const page = await open({ state: 'cancelled', page: 'inbox?id=cancelled-1' });
  await expect(page.getByText('The agent withdrew this.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Approve' })).toHaveCount(0);
});
