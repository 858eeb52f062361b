import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect, type Page, test } from '@playwright/test';
import type { OperationName } from '../../../src/contract/operations.ts';
import type { CallEnvelope } from '../../../src/contract/presence.ts';
import { toBase64Url } from '../../../src/contract/seal-presence.ts';
import { rightPassphrase } from '../fixture/memory-core.ts';
import { openMemoryTransport } from '../fixture/memory-transport.ts';
import { productFolder } from './build.ts';
import { type StaticServer, serveFolder } from './server.ts';

let server: StaticServer;
test.beforeAll(async () => {
  server = await serveFolder(productFolder);
});
test.afterAll(async () => server.stop());

/** Collects what the page's policy refused and what was thrown. */
async function watch(page: Page): Promise<readonly string[]> {
  const broken: string[] = [];
  await page.exposeFunction('reportViolation', (what: string) => broken.push(what));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      void (window as unknown as { reportViolation: (what: string) => Promise<void> }).reportViolation(
        `${event.violatedDirective} ${event.blockedURI}`,
      );
    });
  });
  page.on('pageerror', (error) => broken.push(String(error)));
  return broken;
}

/** The bridge of the desktop window, with a core in memory at its other end, outside the page. */
async function giveBridge(page: Page, state: string): Promise<void> {
  const transport = await openMemoryTransport(state);
  await page.exposeFunction('bridgeCall', (operation: OperationName, envelope: CallEnvelope) =>
    transport.call(operation, envelope),
  );
  await page.addInitScript(
    ({ session, coreKey }) => {
      const outside = window as unknown as { bridgeCall: (operation: string, envelope: unknown) => Promise<unknown> };
      const listeners = new Set<(notice: { topic: string }) => void>();
      Object.assign(window, {
        counterfoil: {
          begin: async () => ({ session, coreKey }),
          call: async (_: string, operation: string, envelope: unknown) => {
            const answer = await outside.bridgeCall(operation, envelope);
            if (operation === 'vault.unlock') for (const listener of listeners) listener({ topic: 'vault' });
            return answer;
          },
          onChange(listener: (notice: { topic: string }) => void) {
            listeners.add(listener);
            return () => listeners.delete(listener);
          },
        },
      });
    },
    { session: transport.session, coreKey: toBase64Url(transport.coreKey) },
  );
}

test('the product keeps to its policy on every page, from the passphrase on', async ({ page }) => {
  const broken = await watch(page);
  await giveBridge(page, 'locked');
  await page.goto(server.origin);
  await page.getByLabel('Passphrase').fill(rightPassphrase);
  await page.keyboard.press('Enter');
  for (const name of ['Inbox', 'Grants', 'Agents', 'Connections', 'Audit', 'Settings']) {
    await page.getByRole('navigation').getByRole('link', { name }).click();
    await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
  }
  await page.keyboard.press('?');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Pause all agents' }).click();
  await expect(page.getByText('All agents are paused. No call goes through.')).toBeVisible();
  expect(broken).toEqual([]);
});

test('without a link the page says how to get one, and keeps to its policy', async ({ page }) => {
  const broken = await watch(page);
  await page.goto(server.origin);
  await expect(page.getByRole('heading', { name: 'This link was used or has expired' })).toBeVisible();
  expect(broken).toEqual([]);
});

test('the launch token leaves the address at once', async ({ page }) => {
  await page.goto(`${server.origin}/#launch=once-only`);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  expect(page.url()).not.toContain('once-only');
  expect(await page.evaluate(() => JSON.stringify([localStorage, sessionStorage, document.cookie]))).not.toContain('once-only');
});

test('the policy is at work: an inline style element on this server is refused', async ({ page }) => {
  const broken = await watch(page);
  await page.goto(server.origin);
  await page.evaluate(() =>
    document.head.append(Object.assign(document.createElement('style'), { textContent: 'body{color:red}' })),
  );
  await expect.poll(() => broken.length).toBe(1);
});

test('the product contains no fixture and no inline script', () => {
  const files = readdirSync(`${productFolder}/assets`).map((name) => readFileSync(`${productFolder}/assets/${name}`, 'utf8'));
  const html = readFileSync(`${productFolder}/index.html`, 'utf8');
  expect(files.some((text) => text.includes('session-of-the-fixture') || text.includes(rightPassphrase))).toBe(false);
  expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\son\w+=/);
});

interface Chunk {
  readonly file: string;
  readonly imports?: readonly string[];
  readonly dynamicImports?: readonly string[];
}

test('the first page needs at most 150 kB of JavaScript, gzipped (goal P8)', () => {
  const manifest = JSON.parse(readFileSync(`${productFolder}/.vite/manifest.json`, 'utf8')) as Record<string, Chunk>;
  const needed = new Set<string>();
  const add = (key: string) => {
    const chunk = manifest[key];
    if (!chunk || needed.has(chunk.file)) return;
    needed.add(chunk.file);
    chunk.imports?.forEach(add);
  };
  const entry = Object.keys(manifest).find((key) => key === 'index.html') ?? '';
  add(entry);
  manifest[entry]?.dynamicImports?.forEach(add);
  add('features/unlock/unlock-page.tsx');
  const size = [...needed]
    .map((file) => gzipSync(readFileSync(`${productFolder}/${file}`)).length)
    .reduce((sum, next) => sum + next, 0);
  console.log(`P8 first JavaScript: ${(size / 1000).toFixed(1)} kB gzipped in ${needed.size} files`);
  expect(needed.size).toBeGreaterThan(5);
  expect(size).toBeLessThanOrEqual(150_000);
});

test('a fragment opens a request in a page that is already open', async ({ page }) => {
  await giveBridge(page, 'locked');
  await page.goto(`${server.origin}/#open=low-1`);
  await page.getByLabel('Passphrase').fill(rightPassphrase);
  await page.keyboard.press('Enter');
  await expect(page.locator('[aria-current="true"]')).toHaveText(/Cursor/);
  await page.evaluate(() => {
    location.hash = 'open=high-1';
  });
  await expect(page.locator('[aria-current="true"]')).toHaveText(/Pay €250.00/);
  expect(page.url()).toContain('#/inbox?id=high-1');
});

test('what the tray asks for opens the window at its question, locked or not, and ends nothing by itself (security rule 29)', async ({
  page,
}) => {
  await giveBridge(page, 'locked');
  await page.goto(`${server.origin}/#open=revoke-everything`);
  await page.getByLabel('Passphrase').fill(rightPassphrase);
  await page.keyboard.press('Enter');
  const question = page.getByRole('group', { name: /^End all \d+ grants/ });
  await question.getByRole('button', { name: 'Keep them' }).click();
  await expect(question).toBeHidden();
  await expect(page.getByText(/^5 live/)).toBeVisible();
  await page.getByRole('navigation').getByRole('link', { name: 'Audit' }).click();
  await page.evaluate(() => {
    location.hash = 'open=revoke-everything';
  });
  await expect(question).toBeVisible();
});
