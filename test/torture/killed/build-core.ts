import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { build } from 'vite';
import { absentPackages, externalPackages } from '../../../resources/start/build.ts';

const root = join(import.meta.dirname, '../../..');

/** One file of the core and all that it needs: it starts in a third of the time. Returns its path. */
export async function buildCore(): Promise<string> {
  const outDir = join(root, 'test/output/killed');
  await build({
    root,
    configFile: false,
    publicDir: false,
    logLevel: 'error',
    resolve: { conditions: ['node', 'import', 'module', 'default'] },
    ssr: { noExternal: true, external: [...externalPackages, ...absentPackages] },
    build: {
      ssr: true,
      target: 'node24',
      outDir,
      emptyOutDir: true,
      rolldownOptions: {
        input: { core: join(import.meta.dirname, 'core-to-kill.ts') },
        output: { format: 'es', entryFileNames: '[name].js', codeSplitting: false },
        onLog: () => {},
      },
    },
  });
  const file = join(outDir, 'core.js');
  // What is killed keeps nothing: one that ends by itself leaves its compiled code for the others.
  spawnSync(process.execPath, [file], { env: { ...process.env, NODE_COMPILE_CACHE: compiledIn(file) } });
  return file;
}

/** Where Node keeps the compiled code of the bundle. */
export function compiledIn(file: string): string {
  return join(file, '../compiled');
}
