import { existsSync } from 'node:fs';
import { defineConfig } from '@playwright/test';

const system = '/usr/bin/chromium';

/** The whole product in a browser. One at a time: the demonstration has fixed ports. */
export default defineConfig({
  testDir: '.',
  outputDir: '../output/playwright-browser',
  workers: 1,
  timeout: 180_000,
  expect: { timeout: 15_000 },
  reporter: 'line',
  use: {
    viewport: { width: 1180, height: 760 },
    launchOptions: {
      ...(existsSync(system) && { executablePath: system }),
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
    },
  },
});
