import { defineConfig } from 'vitest/config';

const whole = process.env['TORTURE_COUNTS'] === 'whole';

export default defineConfig({
  root: new URL('../..', import.meta.url).pathname,
  test: {
    include: ['test/torture/**/*.test.ts'],
    globalSetup: ['test/torture/print-figures.ts'],
    testTimeout: (whole ? 240 : 10) * 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
