import { join } from 'node:path';
import { build as viteBuild } from 'vite';
import { build, externalPackages } from '../../resources/start/build.ts';
import { findElectron } from './find-electron.ts';

export const root = new URL('../..', import.meta.url).pathname;
export const drivenMain = join(root, 'test/output/electron/driven-main.js');

/** Builds what ships and the driven entry beside it; says so when there is nothing to drive. */
// eslint-disable-next-line no-restricted-syntax -- Playwright asks for a default export
export default async function buildDriven(): Promise<void> {
  if (findElectron() === undefined) {
    console.log("Electron's binary is not here, so its window is not tested: what it does is covered by its double.");
    return;
  }
  await build();
  await viteBuild({
    root,
    configFile: false,
    publicDir: false,
    logLevel: 'warn',
    ssr: { noExternal: true, external: ['electron', ...externalPackages, 'x11', 'usocket'] },
    build: {
      ssr: true,
      target: 'node24',
      outDir: join(root, 'test/output/electron'),
      rolldownOptions: { input: { 'driven-main': join(root, 'test/electron/driven-main.ts') } },
    },
  });
}
