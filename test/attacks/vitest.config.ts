import { defineConfig } from 'vitest/config';

/** Run it by `test/desktop/with-desktop.sh`: one screen and one bus, so one file after the other. Needs what `npm run build` makes. */
export default defineConfig({
  root: new URL('../..', import.meta.url).pathname,
  test: {
    include: ['test/attacks/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    fileParallelism: false,
  },
});
