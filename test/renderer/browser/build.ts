import { build } from 'vite';

const root = new URL('../../..', import.meta.url).pathname;

/** Where the fixture and the product's own pages are built for these tests. */
export const fixtureFolder = `${root}test/output/fixture`;
export const productFolder = `${root}test/output/renderer`;

/** Builds both once, before all tests. */
// eslint-disable-next-line no-restricted-syntax -- Playwright asks for a default export
export default async function buildPages(): Promise<void> {
  await build({ configFile: `${root}test/renderer/fixture/vite.config.ts`, logLevel: 'warn' });
  if (!process.env['LOOKS'] && !process.env['FIXTURE_ONLY'])
    await build({ configFile: `${root}renderer/vite.config.ts`, logLevel: 'warn', build: { outDir: productFolder } });
}
