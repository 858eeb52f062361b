/**
 * The main job, as a person does it: from the first start to the end of a grant and past a restart. Real keyring, real
 * notification daemon, the demo bank and stock agents in processes of their own; Chromium for the window.
 */
import { expect, type Page, test } from '@playwright/test';
import keytar from 'keytar';
import { clickNoticeButton, screenshot, untilNotice } from '../desktop/screen.ts';
import { RunningApp } from './support/running-app.ts';
import { SampleAgent } from './support/sample-agent.ts';

const passphrase = 'umbrella quartz violin tundra pickle';
const newPassphrase = 'meadow lantern copper walrus engine';
const pictures = 'test/output/story';

test('from a fresh start to a revoked grant, and past a restart', async ({ context }) => {
  const app = new RunningApp();
  const agents: SampleAgent[] = [];
  let page = await context.newPage();
  let recoveryCode = '';
  /** A link opens a page of its own, as it does for a person. */
  const open = async (link: string): Promise<void> => {
    await page.close();
    page = await context.newPage();
    await page.goto(link);
  };
  const runAgent = (name: string, ...args: readonly string[]): SampleAgent => {
    const agent = new SampleAgent(app, name, args);
    agents.push(agent);
    return agent;
  };
  try {
    await test.step('the person chooses a passphrase, the vault opens, and a recovery code goes on paper and is typed back', async () => {
      await open(await app.start());
      await makeVault(page);
      recoveryCode = await makeRecoveryCode(page);
      await expect(page.getByRole('heading', { name: 'Inbox' })).toBeVisible();
      await page.screenshot({ path: `${pictures}/1-empty-inbox.png` });
    });

    await test.step('"Try it" starts the demo bank, and the person signs in there once', async () => {
      await page.getByRole('button', { name: 'Try it' }).click();
      await page.getByLabel(/Your passphrase, to add the demo bank/).fill(passphrase);
      await page.getByRole('button', { name: 'Start the demo' }).click();
      const opened = context.waitForEvent('page');
      await page.getByRole('link', { name: 'Open the sign-in page' }).click();
      await signInToBank(await opened);
    });

    await test.step('a notification appears; Review opens the card; a new agent is named and accepted with the answer', async () => {
      await untilNotice();
      await screenshot(`${pictures}/2-notification.png`);
      await clickNoticeButton(0);
      await open(await app.nextLink());
      await unlock(page);
      await expect(page.getByRole('article').getByRole('heading', { level: 2 })).toContainText('accounts');
      const card = page.getByRole('article');
      await expect(card).toContainText('pid');
      await expect(card).toContainText('Medium');
      await page.screenshot({ path: `${pictures}/3-new-agent-card.png` });
      await card.getByLabel('Name this agent').fill('Demo agent');
      await card.getByRole('button', { name: '15 min' }).click();
      await approve(page);
    });

    await test.step('the payment is narrowed and approved; the agent pays that, is refused more, and cannot pay twice', async () => {
      const card = page.getByRole('article');
      await expect(card.getByRole('heading', { level: 2 })).toContainText('250.00', { timeout: 30_000 });
      await card.getByLabel('Amount at most').fill('180.00');
      await expect(card).toContainText('you lowered it');
      await expect(card.getByRole('heading', { level: 2 })).toContainText('€180.00');
      await page.screenshot({ path: `${pictures}/4-payment-card.png` });
      await approve(page);
      await page.getByRole('link', { name: /Grants/ }).click();
      const row = page.getByRole('row', { name: /180\.00/ });
      await page.getByRole('button', { name: 'Ended' }).click();
      await expect(row).toContainText('upstream confirmed', { timeout: 30_000 });
      await expect(row).toContainText('used up');
      await page.screenshot({ path: `${pictures}/5-grants.png` });
    });

    const first = runAgent('first', '--only', 'accounts', '--repeat');
    await test.step('two more agents get a grant each', async () => {
      await acceptAgent(page, 'First');
      await first.says(/Accounts: .*main/i);
      const second = runAgent('second', '--only', 'accounts', '--repeat');
      await acceptAgent(page, 'Second');
      await second.says(/"act"/);
    });

    await test.step('one is revoked: its next call fails at once, upstream is told, its key is gone, the others live on', async () => {
      const before = await brokerKeys();
      await page.getByRole('link', { name: /Grants/ }).click();
      const row = page.getByRole('row', { name: /First/ });
      await expect(row).toContainText(/call/);
      await row.getByRole('button', { name: /^Revoke/ }).click();
      await first.says(/Refused, 4\d\d/);
      await page.getByRole('button', { name: 'Ended' }).click();
      await expect(page.getByRole('row', { name: /First/ })).toContainText('upstream confirmed');
      await expect.poll(async () => (await brokerKeys()).length).toBe(before.length - 1);
      const [, second] = agents;
      const answers = (second?.output.match(/Accounts:/g) ?? []).length;
      await expect.poll(() => (second?.output.match(/Accounts:/g) ?? []).length, { timeout: 20_000 }).toBeGreaterThan(answers);
      await page.getByRole('link', { name: /Connections/ }).click();
      await expect(page.getByText('Demo Bank').first()).toBeVisible();
      await expect(page.getByText(/Signed in/i).first()).toBeVisible();
      await page.screenshot({ path: `${pictures}/6-connections.png` });
    });

    await test.step('the audit log shows every step and its chain verifies', async () => {
      await page.getByRole('link', { name: /Audit/ }).click();
      await page.getByRole('button', { name: /Verify/ }).click();
      await expect(page.getByText(/intact|verifies/i).first()).toBeVisible();
      await page.screenshot({ path: `${pictures}/7-audit.png` });
    });

    await test.step('after a restart everything is as it was, and nothing secret is readable on disk', async () => {
      for (const agent of agents) agent.stop();
      await app.stop();
      for (const { path, bytes, mode } of app.files()) {
        expect(mode, path).toBe(0o600);
        expect(bytes.includes(passphrase), path).toBe(false);
      }
      await open(await app.start());
      await unlock(page);
      await page.getByRole('link', { name: /Grants/ }).click();
      await expect(page.getByRole('row', { name: /Second/ })).toBeVisible();
      await page.getByRole('link', { name: /Agents/ }).click();
      await expect(page.getByText('Demo agent').first()).toBeVisible();
      await page.screenshot({ path: `${pictures}/8-agents.png` });
      await page.getByRole('link', { name: /Connections/ }).click();
      await expect(page.getByText(/Signed in/i).first()).toBeVisible();
    });

    await test.step('the keychain item is lost: the start says so, and the recovery code leads back in', async () => {
      await app.stop();
      for (const { path, bytes } of app.files())
        for (const form of [recoveryCode, recoveryCode.replaceAll('-', '')]) expect(bytes.includes(form), path).toBe(false);
      for (const { account } of await keytar.findCredentials('counterfoil'))
        if (account.startsWith('root/')) await keytar.deletePassword('counterfoil', account);
      await open(await app.start());
      await expect(page.getByRole('heading', { name: 'Something is missing' })).toBeVisible();
      await page.screenshot({ path: `${pictures}/9-something-is-missing.png` });
      await recover(page, recoveryCode);
      await page.getByRole('link', { name: /Agents/ }).click();
      await expect(page.getByText('Demo agent').first()).toBeVisible();
    });
  } finally {
    for (const agent of agents) agent.stop();
    await app.stop();
    app.remove();
  }
});

async function makeVault(page: Page): Promise<void> {
  await page.getByText('My own').click();
  await page.getByLabel('Your passphrase').fill(passphrase);
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByLabel('Passphrase').fill(passphrase);
  await page.getByRole('button', { name: 'Make the vault' }).click();
}

/** Through onboarding: passphrase, code, the code typed back. */
async function makeRecoveryCode(page: Page): Promise<string> {
  await page.getByLabel('Your passphrase, to make the code').fill(passphrase);
  await page.getByRole('button', { name: 'Make the code' }).click();
  const groups = page.locator('.print-sheet span');
  await expect(groups).toHaveCount(8);
  const code = (await groups.allTextContents()).join('-');
  await page.getByRole('button', { name: 'I have it on paper' }).click();
  await page.getByLabel('Recovery code').fill(code);
  await page.getByRole('button', { name: 'Check' }).click();
  await page.getByRole('button', { name: 'Done' }).click();
  return code;
}

/** Opens with the recovery code and a new passphrase. */
async function recover(page: Page, code: string): Promise<void> {
  await page.getByLabel('Recovery code').fill(code);
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByText('My own').click();
  await page.getByLabel('Your passphrase').fill(newPassphrase);
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByLabel('Passphrase').fill(newPassphrase);
  await page.getByRole('button', { name: 'Open the vault' }).click();
  await expect(page.getByRole('navigation', { name: 'Main' })).toBeVisible();
}

async function unlock(page: Page): Promise<void> {
  await page.getByLabel('Passphrase').fill(passphrase);
  await page.getByRole('button', { name: 'Unlock' }).click();
  await expect(page.getByRole('navigation', { name: 'Main' })).toBeVisible();
}

async function signInToBank(bank: Page): Promise<void> {
  await bank.getByLabel('Password').fill('anything');
  await bank.getByRole('button', { name: 'Sign in' }).click();
  await bank.screenshot({ path: `${pictures}/1b-consent.png` });
  await bank.getByRole('button', { name: 'Allow' }).click();
  await bank.waitForLoadState();
  await bank.screenshot({ path: `${pictures}/1c-signed-in.png` });
  await bank.close();
}

/** Waits for the input guard, gives presence, and approves. */
async function approve(page: Page): Promise<void> {
  const card = page.getByRole('article');
  await card.getByLabel('Your passphrase, to approve this').fill(passphrase);
  const button = card.getByRole('button', { name: /^Approve/ });
  await expect(button).toHaveAttribute('aria-disabled', 'false');
  await button.click();
  await expect(page.getByText(/^Approved for/).first()).toBeVisible();
}

async function acceptAgent(page: Page, name: string): Promise<void> {
  await page.getByRole('link', { name: /Inbox/ }).click();
  await page.getByRole('article').getByLabel('Name this agent').fill(name, { timeout: 30_000 });
  await approve(page);
}

async function brokerKeys(): Promise<readonly string[]> {
  const items = await keytar.findCredentials('counterfoil');
  return items.map(({ account }) => account).filter((account) => account.startsWith('broker/'));
}
