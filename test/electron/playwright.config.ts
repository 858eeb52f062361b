import { defineConfig } from '@playwright/test';

/** The real window, where Electron's binary is there. Run it by `test/desktop/with-desktop.sh`. */
export default defineConfig({
  testDir: '.',
  testMatch: '*.spec.ts',
  outputDir: '../output/playwright-electron',
  globalSetup: './build-driven.ts',
  workers: 1,
  timeout: 60_000,
  reporter: 'line',
});
