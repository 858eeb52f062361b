import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chooseFolders, type Machine } from '../../src/shell/folders.ts';
import { prepareFolders } from '../../src/shell/prepare-folders.ts';
import { thisMachine } from '../../src/shell/this-machine.ts';

const linux: Machine = { platform: 'linux', home: '/home/ada', temporary: '/tmp', uid: 1000, isOwnFolder: () => true };

describe('where things are', () => {
  it('follows the XDG folders on Linux', () => {
    const folders = chooseFolders({ XDG_DATA_HOME: '/data', XDG_RUNTIME_DIR: '/run/user/1000' }, linux);
    expect(folders.data).toBe('/data/counterfoil');
    expect(folders.descriptor).toBe('/run/user/1000/counterfoil/server.json');
    expect(folders.socket).toBe('/run/user/1000/counterfoil/counterfoil.sock');
  });

  it('has places of its own where the system names none', () => {
    const folders = chooseFolders({}, linux);
    expect(folders.data).toBe('/home/ada/.local/share/counterfoil');
    expect(folders.runtime).toBe('/tmp/counterfoil-1000');
  });

  it('ignores a relative path, as the XDG specification wants', () => {
    expect(chooseFolders({ XDG_DATA_HOME: 'data', COUNTERFOIL_DATA_DIR: './x' }, linux).data).toBe(
      '/home/ada/.local/share/counterfoil',
    );
  });

  it("does not go into another user's runtime folder after su", () => {
    const folders = chooseFolders({ XDG_RUNTIME_DIR: '/run/user/0' }, { ...linux, isOwnFolder: () => false });
    expect(folders.runtime).toBe('/tmp/counterfoil-1000');
  });

  it('lets the person choose both', () => {
    const folders = chooseFolders({ COUNTERFOIL_DATA_DIR: '/a', COUNTERFOIL_RUNTIME_DIR: '/b', XDG_DATA_HOME: '/c' }, linux);
    expect([folders.data, folders.runtime]).toEqual(['/a', '/b']);
  });

  it('uses the places of macOS and Windows there', () => {
    const mac = chooseFolders({}, { ...linux, platform: 'darwin', home: '/Users/ada' });
    expect(mac.data).toBe('/Users/ada/Library/Application Support/Counterfoil');
    const windows = chooseFolders(
      { LOCALAPPDATA: 'C:\\Users\\ada\\AppData\\Local' },
      { ...linux, platform: 'win32', home: 'C:\\Users\\ada' },
    );
    expect(windows.data).toBe('C:\\Users\\ada\\AppData\\Local\\Counterfoil');
    expect(windows.socket).toMatch(/^\\\\\.\\pipe\\counterfoil-[\da-f]{32}$/);
  });
});

describe.skipIf(process.platform === 'win32')('making them', () => {
  let base = '';
  const machine = thisMachine();
  const folders = () =>
    chooseFolders({ COUNTERFOIL_DATA_DIR: join(base, 'data'), COUNTERFOIL_RUNTIME_DIR: join(base, 'run') }, machine);

  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'cf-folders-'));
  });
  afterEach(() => rmSync(base, { recursive: true, force: true }));

  it('makes both for this user alone', () => {
    prepareFolders(folders(), machine);
    expect(statSync(folders().data).mode & 0o777).toBe(0o700);
    expect(statSync(folders().runtime).mode & 0o777).toBe(0o700);
  });

  it('closes a folder of ours that was open to others', () => {
    mkdirSync(folders().data);
    chmodSync(folders().data, 0o755);
    prepareFolders(folders(), machine);
    expect(statSync(folders().data).mode & 0o777).toBe(0o700);
  });

  it('refuses a link in the place of a folder', () => {
    mkdirSync(join(base, 'elsewhere'), { mode: 0o700 });
    symlinkSync(join(base, 'elsewhere'), folders().runtime);
    expect(() => prepareFolders(folders(), machine)).toThrow(expect.objectContaining({ code: 'launch_failed' }));
    expect(existsSync(join(base, 'elsewhere/server.json'))).toBe(false);
  });

  it('refuses a folder of another user', () => {
    mkdirSync(folders().runtime, { mode: 0o700 });
    const stranger: Machine = { ...machine, uid: (machine.uid ?? 0) + 1, isOwnFolder: () => false };
    expect(() => prepareFolders(folders(), stranger)).toThrow(expect.objectContaining({ code: 'launch_failed' }));
  });

  it('refuses a runtime folder whose path is too long for a socket, and says what to do', () => {
    const long = chooseFolders(
      { COUNTERFOIL_DATA_DIR: join(base, 'd'), COUNTERFOIL_RUNTIME_DIR: join(base, 'r'.repeat(100)) },
      machine,
    );
    expect(() => prepareFolders(long, machine)).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('COUNTERFOIL_RUNTIME_DIR') as string }),
    );
  });
});
