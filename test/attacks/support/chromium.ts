/** A browser that a program of this user starts itself, or the person's own. */
import { existsSync } from 'node:fs';
import { type Browser, chromium, expect, type Page } from '@playwright/test';
import { passphrase } from './victim.ts';

const system = '/usr/bin/chromium';

export function openChromium(): Promise<Browser> {
  return chromium.launch({
    ...(existsSync(system) && { executablePath: system }),
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
  });
}

/** Unlocks in a page, as a person does. */
export async function unlockIn(page: Page): Promise<void> {
  await page.getByLabel('Passphrase').fill(passphrase);
  await page.getByRole('button', { name: 'Unlock' }).click();
  await expect(page.getByRole('navigation', { name: 'Main' })).toBeVisible({ timeout: 20_000 });
}
