/**
 * Builds what ships: the UI (`dist/renderer`) and the shells (`dist/headless`, `dist/cli`, `dist/electron`). A part whose sources
 * have not changed since its last build is left as it is, so that a second `npm start` costs a fraction of a second.
 *
 * `node resources/start/build.ts [--force]`
 */

import { existsSync } from 'node:fs';
import { chmod, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { InlineConfig, Rolldown } from 'vite';
import { digestSources, type Part, readBuilt, root } from './build-state.ts';

/** Packages with native code: they stay outside the bundles, and electron-builder packs them beside. */
export const externalPackages = ['better-sqlite3', 'keytar'];

/** What the D-Bus package would use if somebody had installed it. Nobody has. */
export const absentPackages = ['x11', 'usocket'];

/** Everything that ships, by part. `input` is relative to the root; `output` names the files that must exist afterwards. */
export const parts: readonly Part[] = [
  { name: 'renderer', sources: ['renderer', 'src/contract', 'src/base'], output: ['index.html'] },
  { name: 'headless', sources: ['src'], input: { main: 'src/headless/main.ts' }, output: ['main.js'] },
  {
    name: 'cli',
    sources: ['src'],
    input: { counterfoil: 'src/cli/counterfoil.ts' },
    output: ['counterfoil.js'],
  },
  { name: 'electron', sources: ['src', 'electron'], input: { main: 'electron/main.ts' }, output: ['main.js'] },
  { name: 'preload', sources: ['electron', 'src/contract'], input: { preload: 'electron/preload.ts' }, output: ['preload.cjs'] },
];

/** Where a part is written. The preload lies beside Electron's main file. */
export function folderOf(part: Part): string {
  return join(root, 'dist', part.name === 'preload' ? 'electron' : part.name);
}

function rendererConfig(part: Part): InlineConfig {
  return {
    configFile: join(root, 'renderer/vite.config.ts'),
    build: { outDir: folderOf(part), emptyOutDir: true },
    // What it warns of is known: packages that would use Node if there were one.
    logLevel: 'error',
  };
}

function shellConfig(part: Part): InlineConfig {
  const isPreload = part.name === 'preload';
  return {
    root,
    configFile: false,
    publicDir: false,
    logLevel: 'warn',
    resolve: { conditions: ['node', 'import', 'module', 'default'] },
    ssr: { noExternal: true, external: ['electron', ...externalPackages, ...absentPackages] },
    build: {
      ssr: true,
      target: 'node24',
      outDir: folderOf(part),
      emptyOutDir: false,
      minify: false,
      sourcemap: false,
      rolldownOptions: {
        input: part.input ?? {},
        output: {
          // A sandboxed preload is run as CommonJS, whatever package.json says.
          format: isPreload ? 'cjs' : 'es',
          entryFileNames: isPreload ? '[name].cjs' : '[name].js',
          codeSplitting: false,
        },
        onLog: stopOnUnresolved,
      },
    },
  };
}

/** An import that the bundle leaves open would fail at the person's first click: fail here instead. */
function stopOnUnresolved(level: Rolldown.LogLevel, log: Rolldown.RolldownLog, handle: Rolldown.LogOrStringHandler): void {
  const isAbsent = absentPackages.some((name) => log.message.includes(`'${name}'`));
  if (log.code === 'UNRESOLVED_IMPORT' && !isAbsent) handle('error', log);
  // koa's deprecation notices use eval; nothing that ships calls a deprecated function.
  else if (level === 'warn' && log.code !== 'EVAL' && !isAbsent) handle(level, log);
}

async function buildPart(part: Part): Promise<void> {
  const { build: viteBuild } = await import('vite');
  if (part.name !== 'preload') await rm(folderOf(part), { recursive: true, force: true });
  await viteBuild(part.input === undefined ? rendererConfig(part) : shellConfig(part));
  if (part.name === 'cli') await chmod(join(folderOf(part), 'counterfoil.js'), 0o755);
}

function isCurrent(part: Part, digest: string, built: Readonly<Record<string, string>>): boolean {
  return built[part.name] === digest && part.output.every((file) => existsSync(join(folderOf(part), file)));
}

/** Parts whose entry is in the tree. */
function presentParts(): readonly Part[] {
  return parts.filter((part) => existsSync(join(root, Object.values(part.input ?? { page: 'renderer/index.html' })[0] ?? '')));
}

/** Builds what is out of date and returns the names of those parts. */
export async function build(
  options: { readonly force?: boolean; readonly say?: (line: string) => void } = {},
): Promise<readonly string[]> {
  const built = { ...readBuilt() };
  const done: string[] = [];
  for (const part of presentParts()) {
    const digest = digestSources(part.sources);
    // Building Electron's main file empties its folder, so the preload follows it.
    const follows = part.name === 'preload' && done.includes('electron');
    if (options.force !== true && !follows && isCurrent(part, digest, built)) continue;
    options.say?.(`Building ${relative(root, folderOf(part))} (${part.name}) …`);
    await buildPart(part);
    built[part.name] = digest;
    done.push(part.name);
    await writeFile(join(root, 'dist', '.built.json'), JSON.stringify(built, undefined, 2));
  }
  return done;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const done = await build({ force: process.argv.includes('--force'), say: (line) => console.error(line) });
  console.error(done.length === 0 ? 'Nothing to build: dist/ is current.' : `Built ${done.join(', ')}.`);
}
