import { existsSync } from 'node:fs';
import { defineConfig } from '@playwright/test';

const system = '/usr/bin/chromium';

export default defineConfig({
  testDir: 'browser',
  // Pictures to be looked at, not tests: `LOOKS=1 playwright test --config test/renderer/playwright.config.ts looks`.
  testIgnore: process.env['LOOKS'] === undefined ? ['**/looks.spec.ts'] : [],
  outputDir: '../output/playwright-renderer',
  globalSetup: './browser/build.ts',
  workers: 2,
  // One file holds half of the tests, and no test leaves anything behind.
  fullyParallel: true,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: 'line',
  use: {
    viewport: { width: 1180, height: 720 },
    launchOptions: {
      ...(existsSync(system) && { executablePath: system }),
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    },
  },
});
