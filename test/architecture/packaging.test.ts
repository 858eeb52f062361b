import { execFile } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build, externalPackages, folderOf, parts } from '../../resources/start/build.ts';

const root = new URL('../..', import.meta.url).pathname;
// electron-builder's own reader of such files, and of what it packs.
const requireOfBuilder = createRequire(createRequire(import.meta.url).resolve('electron-builder'));
const { load } = requireOfBuilder('js-yaml') as {
  readonly load: (text: string) => unknown;
};

interface Target {
  readonly target: readonly string[];
}

interface Packaging {
  readonly files: readonly string[];
  readonly asar: boolean;
  readonly asarUnpack: readonly string[];
  readonly npmRebuild: boolean;
  readonly electronFuses: Readonly<Record<string, boolean>>;
  readonly linux: Target;
  readonly mac: Target;
  readonly win: Target;
  readonly directories: { readonly buildResources: string };
  readonly extraFiles: readonly string[];
}

const packaging = load(readFileSync(join(root, 'electron-builder.yml'), 'utf8')) as Packaging;
const { listPackage } = requireOfBuilder('@electron/asar') as {
  readonly listPackage: (archive: string, options: object) => readonly string[];
};
const { version: electronVersion } = createRequire(import.meta.url)('electron/package.json') as { readonly version: string };
const packageJson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly main: string };

describe('packages for three systems', () => {
  it('have the targets that people expect there', () => {
    expect(packaging.linux.target).toEqual(['AppImage', 'deb']);
    expect(packaging.mac.target).toEqual(['dmg', 'zip']);
    expect(packaging.win.target).toEqual(['nsis']);
  });

  it('run nothing but the packed app, and no Node from outside (security rule 19)', () => {
    expect(packaging.asar).toBe(true);
    expect(packaging.electronFuses).toMatchObject({
      runAsNode: false,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      enableCookieEncryption: true,
      enableEmbeddedAsarIntegrityValidation: true,
      onlyLoadAppFromAsar: true,
      grantFileProtocolExtraPrivileges: false,
    });
  });

  it('hold what the build makes for Electron, and start there', () => {
    for (const part of parts.filter(({ name }) => ['electron', 'preload', 'renderer'].includes(name))) {
      const folder = folderOf(part).slice(root.length);
      expect(packaging.files).toContain(`${folder}/**`);
    }
    const main = parts.find(({ name }) => name === 'electron');
    expect(packageJson.main).toBe(`dist/electron/${main?.output[0]}`);
  });

  it('hold the packages that the bundles leave outside, whole, and no others', () => {
    const packed = packaging.files.filter((pattern) => pattern.startsWith('node_modules/'));
    expect(packed.map((pattern) => pattern.split('/')[1])).toEqual(externalPackages);
    expect(packaging.files).toContain('!node_modules/**');
    for (const name of externalPackages) {
      const folder = join(root, 'node_modules', name);
      const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
        readonly dependencies?: object;
      };
      // Another dependency of theirs would have to be packed as well; this one is headers for a compiler.
      expect(
        Object.keys(dependencies).filter((dependency) => dependency !== 'node-addon-api'),
        name,
      ).toEqual([]);
      expect(globSync('prebuilds/**/*.node', { cwd: folder }).length, name).toBeGreaterThan(5);
    }
    expect(packaging.npmRebuild).toBe(false);
    expect(packaging.asarUnpack).toEqual(['**/*.node']);
  });

  it('hold the pictures of the tray, one for each state, and an icon of the app', () => {
    expect(packaging.files).toContain('resources/icons/tray-*.png');
    for (const name of [
      'ok',
      'locked',
      'paused',
      'waiting-9-plus',
      ...Array.from({ length: 9 }, (_, index) => `waiting-${index + 1}`),
    ]) {
      expect(existsSync(join(root, `resources/icons/tray-${name}.png`)), name).toBe(true);
    }
    expect(existsSync(join(root, packaging.directories.buildResources, 'icon.png'))).toBe(true);
  });

  it('name files that are there', () => {
    expect(packaging.extraFiles.filter((file) => !existsSync(join(root, file)))).toEqual([]);
    expect(existsSync(join(root, packaging.directories.buildResources))).toBe(true);
  });
});

describe.skipIf(process.platform !== 'linux')('a package, packed with a stand-in for Electron', () => {
  let folder = '';
  let packed: readonly string[] = [];

  beforeAll(async () => {
    await build();
    folder = mkdtempSync(join(tmpdir(), 'cf-package-'));
    const electronDist = join(folder, 'electron');
    mkdirSync(electronDist);
    for (const file of ['electron', 'LICENSE', 'LICENSES.chromium.html'])
      writeFileSync(join(electronDist, file), '', { mode: 0o755 });
    writeFileSync(join(electronDist, 'version'), electronVersion);
    const config = {
      ...packaging,
      electronFuses: undefined,
      electronDist,
      directories: { ...packaging.directories, output: join(folder, 'out') },
    };
    writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
    const builder = join(root, 'node_modules/.bin/electron-builder');
    await promisify(execFile)(builder, ['--linux', 'dir', '--config', join(folder, 'config.json')], { cwd: root });
    const unpacked = globSync('out/*/resources', { cwd: folder })[0] ?? '';
    packed = listPackage(join(folder, unpacked, 'app.asar'), { isPack: false }).map((path) => path.slice(1));
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('holds the bundles, the UI and the native packages', () => {
    expect(packed).toEqual(
      expect.arrayContaining([
        'package.json',
        'dist/electron/main.js',
        'dist/electron/preload.cjs',
        'dist/renderer/index.html',
        'node_modules/better-sqlite3/prebuilds/linux-x64.node',
        'node_modules/keytar/lib/keytar.js',
        'resources/icons/tray-ok.png',
      ]),
    );
  });

  it('holds nothing else: no sources, no tests, no other package', () => {
    const folders = new Set(packed.map((path) => path.split('/').slice(0, 2).join('/')));
    expect([...folders].sort()).toEqual([
      'dist',
      'dist/electron',
      'dist/renderer',
      'node_modules',
      'node_modules/better-sqlite3',
      'node_modules/keytar',
      'package.json',
      'resources',
      'resources/icons',
    ]);
  });
});
