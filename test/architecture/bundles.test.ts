import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { build, folderOf, parts } from '../../resources/start/build.ts';

const root = new URL('../..', import.meta.url).pathname;

/** What the environment may say to what ships, in our own code. Every other name would be a switch that nobody knows of. */
const environmentOfShells = [
  'COUNTERFOIL_DATA_DIR',
  'COUNTERFOIL_RUNTIME_DIR',
  'XDG_DATA_HOME',
  'XDG_RUNTIME_DIR',
  'LOCALAPPDATA',
  'NODE_OPTIONS',
  'NO_COLOR',
];
/** Where the machine's own programs and buses are found. */
const environmentOfAdapters = [
  'PATH',
  'PATHEXT',
  'DISPLAY',
  'WAYLAND_DISPLAY',
  'XDG_CURRENT_DESKTOP',
  'SystemRoot',
  'ProgramFiles',
  'ProgramFiles(x86)',
  'LOCALAPPDATA',
  'HOME',
  'DBUS_SESSION_BUS_ADDRESS',
  'XDG_RUNTIME_DIR',
];

/** Words of tests, of their runners, and of ways to make a check weaker. */
const testWords = [
  'VITEST',
  'PLAYWRIGHT',
  'COUNTERFOIL_TEST',
  'COUNTERFOIL_DESKTOP',
  'COUNTERFOIL_INSECURE',
  'COUNTERFOIL_SKIP',
  'test/support',
  'fake-clock',
  'memory-platform',
  'platform/keychain/memory',
];

/** Text of each bundle of ours, by its path. */
function readBundles(): ReadonlyMap<string, string> {
  const files = parts.flatMap((part) =>
    globSync('**/*.{js,cjs}', { cwd: folderOf(part) }).map((file) => join(folderOf(part), file)),
  );
  return new Map(files.map((file) => [file.slice(root.length), readFileSync(file, 'utf8')]));
}

/** Names of environment variables in our own sources. */
function environmentNames(pattern: string): readonly string[] {
  const names = globSync(pattern, { cwd: root }).flatMap((file) => {
    const source = readFileSync(join(root, file), 'utf8');
    return [...source.matchAll(/(?:env(?:ironment)?(?:\.|\[['"])|absolute\('|environment\(')([A-Z][\w()]*)/g)].map(
      ([, name = '']) => name,
    );
  });
  return [...new Set(names)];
}

describe('what ships', () => {
  let bundles: ReadonlyMap<string, string> = new Map();

  beforeAll(async () => {
    await build();
    bundles = readBundles();
  }, 120_000);

  it('is there', () => {
    for (const part of parts) {
      for (const file of part.output.filter((name) => /js$/.test(name))) {
        expect([...bundles.keys()]).toContain(join(folderOf(part), file).slice(root.length));
      }
    }
  });

  it.each(testWords)('does not know the word %s (security rule 19)', (word) => {
    expect([...bundles].filter(([, text]) => text.includes(word)).map(([file]) => file)).toEqual([]);
  });

  it('holds no module of a test (security rule 19)', () => {
    const strangers = [...bundles].flatMap(([file, text]) =>
      [...text.matchAll(/^\/\/#region (test\/.*)$/gm)].map(([, module]) => `${file}: ${module}`),
    );
    expect(strangers).toEqual([]);
  });

  it('lets the environment say only what is listed here (security rule 19)', () => {
    expect(
      environmentNames('{src/shell,src/headless,src/cli,electron}/**/*.ts').filter((name) => !environmentOfShells.includes(name)),
    ).toEqual([]);
    expect(environmentNames('src/platform/**/*.ts').filter((name) => !environmentOfAdapters.includes(name))).toEqual([]);
  });

  it('talks to Electron only where Electron is', () => {
    const loads = [...bundles].filter(([, text]) => /from "electron"|require\("electron"\)/.test(text)).map(([file]) => file);
    expect(loads.sort()).toEqual(['dist/electron/main.js', 'dist/electron/preload.cjs']);
  });

  it('has a preload that hands three functions to the page and needs nothing but Electron (security rule 11)', () => {
    const preload = bundles.get('dist/electron/preload.cjs') ?? '';
    expect([...preload.matchAll(/require\("([^"]+)"\)/g)].map(([, name]) => name)).toEqual(['electron']);
    const exposed = preload.slice(preload.indexOf('exposeInMainWorld('));
    expect([...exposed.matchAll(/^\t(\w+)[:(]/gm)].map(([, name]) => name)).toEqual(['begin', 'call', 'onChange']);
    expect(preload.match(/exposeInMainWorld/g)).toHaveLength(1);
  });
});
