import { defineConfig } from 'vitest/config';

/** Each file has folders, ports and, where it needs one, a bus of its own. Needs what `npm run build` makes. */
export default defineConfig({
  root: new URL('../..', import.meta.url).pathname,
  test: {
    include: ['test/attacks/**/*.test.ts'],
    globalSetup: ['test/torture/print-figures.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
