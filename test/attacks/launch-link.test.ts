/**
 * A program of this user starts a browser, opens the address of the UI, and wants to approve in it: without a link, with a made-up
 * one, with one that was used, with one that it stole before it was used. And it uses a link before the person's own page does.
 */
import type { Browser, Page } from '@playwright/test';
import { expect as expectPage } from '@playwright/test';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openChromium } from './support/chromium.ts';
import { openPage, Victim } from './support/victim.ts';

let victim: Victim;
let browser: Browser;
let usedLink: string;
let page: Page;
let sent: string[];

beforeAll(async () => {
  victim = await Victim.begin();
  usedLink = await victim.link();
  await openPage(usedLink);
  browser = await openChromium();
});
afterAll(async () => {
  await browser.close();
  await victim.remove();
});
beforeEach(async () => {
  page = await browser.newPage();
  sent = [];
  page.on('request', (request) => sent.push(new URL(request.url()).pathname));
});
afterEach(() => page.close());

const usedOrOld = () => page.getByRole('heading', { name: 'This link was used or has expired' });

describe('a browser that a program of this user starts (security rules 1, 10)', () => {
  test.each([
    ['no link', ''],
    ['a made-up link', `#launch=${'A'.repeat(43)}`],
    ['a link that is empty', '#launch='],
    ['the page that comes after the unlock', '#/inbox'],
  ])('gets nothing with %s', async (_what, fragment) => {
    await page.goto(`${new URL(usedLink).origin}/${fragment}`);
    await expectPage(usedOrOld()).toBeVisible();
    expect(sent.filter((path) => path.startsWith('/call/') || path === '/changes')).toEqual([]);
  });

  test('gets nothing with a link that was used', async () => {
    await page.goto(usedLink);
    await expectPage(usedOrOld()).toBeVisible();
    expect(sent.filter((path) => path.startsWith('/call/'))).toEqual([]);
  });

  test('gets a locked page with a link that it stole unused: no card, no answer without the passphrase', async () => {
    await page.goto(await victim.link());
    await expectPage(page.getByRole('button', { name: 'Unlock' })).toBeVisible();
    await expectPage(page.getByRole('article')).toHaveCount(0);
    // The person's own page stays as it was.
    expect(await victim.page.call('status.get', {})).toMatchObject({ vault: 'unlocked', unlockedHere: true });
    await page.getByLabel('Passphrase').fill('correct horse battery staple maybe');
    await page.getByRole('button', { name: 'Unlock' }).click();
    await expectPage(page.getByText('That is not the passphrase.')).toBeVisible();
    await victim.assertNothingApproved();
  });

  test('drives the flow of approving with a stolen link, and is asked for presence', async () => {
    const stolen = await openPage(await victim.link());
    const decision = await victim.decision(stolen);
    await expect(stolen.call('approvals.approve', decision)).rejects.toMatchObject({ refusal: { code: 'presence_required' } });
    await expect(stolen.call('approvals.approve', decision, 'wrong wrong wrong wrong')).rejects.toMatchObject({
      refusal: { code: 'passphrase_wrong' },
    });
    await expect(stolen.call('settings.change', { approveLowRiskOnNotification: true })).rejects.toMatchObject({
      refusal: { code: 'presence_required' },
    });
    await victim.assertNothingApproved();
    const { entries } = await victim.page.call('audit.list', { search: 'presence.refused' });
    expect(entries.length).toBeGreaterThanOrEqual(3);
  });

  test('keeps no cookie and nothing in storage, and neither does the page of the person', async () => {
    const answers: string[] = [];
    page.on('response', (response) => answers.push(...Object.keys(response.headers())));
    await page.goto(await victim.link());
    await expectPage(page.getByRole('button', { name: 'Unlock' })).toBeVisible();
    expect(answers).not.toContain('set-cookie');
    expect(await page.context().cookies()).toEqual([]);
    const kept = await page.evaluate(async () => ({
      cookie: document.cookie,
      local: Object.keys(localStorage),
      session: Object.keys(sessionStorage),
      databases: (await indexedDB.databases()).length,
      workers: (await navigator.serviceWorker.getRegistrations()).length,
      address: location.href,
    }));
    expect(kept).toMatchObject({ cookie: '', local: [], session: [], databases: 0, workers: 0 });
    expect(kept.address).not.toContain('launch');
  });
});

test('who uses a link first is known by the other: the page of the person says that it was used, and what that can mean', async () => {
  const link = await victim.link();
  const thief = await openPage(link);
  expect(await thief.call('status.get', {})).toMatchObject({ unlockedHere: false });
  await page.goto(link);
  await expectPage(usedOrOld()).toBeVisible();
  await expectPage(page.getByText('another program of yours may have opened it')).toBeVisible();
  await victim.assertNothingApproved();
});
