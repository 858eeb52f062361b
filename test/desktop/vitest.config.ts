import { defineConfig } from 'vitest/config';

/** Run it by `test/desktop/with-desktop.sh`: one screen and one bus, so one file after the other. */
export default defineConfig({
  root: new URL('../..', import.meta.url).pathname,
  test: {
    include: ['test/desktop/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    pool: 'forks',
    fileParallelism: false,
  },
});
