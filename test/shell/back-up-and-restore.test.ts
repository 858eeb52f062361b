import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isRefusal, type RefusalCode } from '../../src/base/errors.ts';
import { readKeyItems, writeKeyItems } from '../../src/platform/key-items-file.ts';
import { backUpData } from '../../src/shell/back-up-data.ts';
import { chooseFolders, type Folders } from '../../src/shell/folders.ts';
import { takeInstanceLock } from '../../src/shell/instance-lock.ts';
import { restoreData } from '../../src/shell/restore-data.ts';
import { thisMachine } from '../../src/shell/this-machine.ts';
import { migrations } from '../../src/store/migrations/migrations.ts';
import { openStore } from '../../src/store/sqlite.ts';

const machine = thisMachine();
const now = Date.UTC(2026, 10, 23, 1, 2, 3);

let root: string;
let folders: Folders;
let copy: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'counterfoil-copies-'));
  folders = chooseFolders({ COUNTERFOIL_DATA_DIR: join(root, 'data'), COUNTERFOIL_RUNTIME_DIR: join(root, 'run') }, machine);
  copy = join(root, 'copy');
  keep('first');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function keep(key: string, folder = folders.data): void {
  const store = openStore({ file: join(folder, 'counterfoil.db') });
  store.commit([{ sql: 'INSERT INTO meta VALUES (?, ?)', values: [key, Buffer.from(key)] }]);
  store.close();
}

function kept(folder = folders.data): readonly string[] {
  const store = openStore({ file: join(folder, 'counterfoil.db') });
  try {
    return store.all<{ key: string }>('SELECT key FROM meta ORDER BY key').map(({ key }) => key);
  } finally {
    store.close();
  }
}

const refused = (code: RefusalCode) => expect.toSatisfy((error: unknown) => isRefusal(error, code)) as Error;
const restore = (from = copy) => restoreData(folders, machine, { from, now });
/** Names and bytes of all that is in the data folder, without the lock that a restore takes. */
const everything = () =>
  readdirSync(folders.data)
    .filter((name) => name !== 'instance.lock')
    .map((name) => [name, readFileSync(join(folders.data, name), 'base64')]);

describe('a copy of the data folder (goal R6)', () => {
  test('is not made over anything, nor within the data, nor of nothing; and a failure leaves nothing behind', async () => {
    mkdirSync(copy);
    await expect(backUpData(folders.data, copy)).rejects.toEqual(refused('invalid_input'));
    expect(readdirSync(copy)).toEqual([]);
    await expect(backUpData(folders.data, join(folders.data, 'copy'))).rejects.toEqual(refused('invalid_input'));
    await expect(backUpData(join(root, 'nowhere'), join(root, 'other'))).rejects.toEqual(refused('data_missing'));
    writeFileSync(join(folders.data, 'counterfoil.db'), 'not a database');
    await expect(backUpData(folders.data, join(root, 'other'))).rejects.toEqual(refused('store_failed'));
    expect(existsSync(join(root, 'other'))).toBe(false);
  });

  test('takes keys along, and not what remembers the newest state (security rule 8)', async () => {
    await writeKeyItems(
      join(folders.data, 'keychain.json'),
      new Map([
        ['root/a', 'cm9vdA'],
        ['head/a', 'bmV3'],
      ]),
    );
    await backUpData(folders.data, copy);
    expect([...(await readKeyItems(join(copy, 'keychain.json')))]).toEqual([['root/a', 'cm9vdA']]);
  });

  test('is put back while nothing runs; what was there is moved aside, whole', async () => {
    await backUpData(folders.data, copy);
    keep('second');
    const { aside } = await restore();
    expect(kept()).toEqual(['first']);
    expect(aside).toBe(join(folders.data, 'before-restore-2026-11-23T01-02-03-000Z'));
    expect(kept(aside)).toEqual(['first', 'second']);
    expect(kept(copy)).toEqual(['first']);
  });

  test('cannot vouch for itself: what this machine remembers stays, also against a copy that brings its own (security rule 8)', async () => {
    await backUpData(folders.data, copy);
    await writeKeyItems(
      join(copy, 'keychain.json'),
      new Map([
        ['root/a', 'b2xk'],
        ['head/a', 'b2xk'],
        ['head/b', 'b2xk'],
      ]),
    );
    await writeKeyItems(
      join(folders.data, 'keychain.json'),
      new Map([
        ['root/a', 'bmV3'],
        ['head/a', 'bmV3'],
        ['broker/x', 'eA'],
      ]),
    );
    await restore();
    expect(Object.fromEntries(await readKeyItems(join(folders.data, 'keychain.json')))).toEqual({
      'root/a': 'b2xk',
      'head/a': 'bmV3',
      'broker/x': 'eA',
    });
  });

  test('of a later version, damaged, or not there is refused, and nothing of the data is touched', async () => {
    const later = [
      ...migrations,
      { version: (migrations.at(-1)?.version ?? 0) + 1, sql: 'CREATE TABLE later (id INTEGER PRIMARY KEY) STRICT' },
    ];
    openStore({ file: join(root, 'later', 'counterfoil.db'), migrations: later }).close();
    mkdirSync(join(root, 'damaged'));
    writeFileSync(join(root, 'damaged', 'counterfoil.db'), 'not a database');
    const before = everything();
    await expect(restore(join(root, 'later'))).rejects.toEqual(refused('store_newer'));
    await expect(restore(join(root, 'damaged'))).rejects.toEqual(refused('store_failed'));
    await expect(restore(join(root, 'nowhere'))).rejects.toEqual(refused('data_missing'));
    expect(everything()).toEqual(before);
  });

  test('is refused while the app runs', async () => {
    await backUpData(folders.data, copy);
    keep('second');
    const lock = takeInstanceLock(folders.data);
    try {
      await expect(restore()).rejects.toEqual(refused('already_running'));
    } finally {
      lock?.release();
    }
    expect(kept()).toEqual(['first', 'second']);
  });

  test.skipIf(!canPin())('that cannot be put in place leaves everything where it was', async () => {
    writeFileSync(join(folders.data, 'host-name'), 'here\n');
    await backUpData(folders.data, copy);
    keep('second');
    const pinned = join(folders.data, 'host-name');
    // The database is moved before it.
    spawnSync('chattr', ['+i', pinned]);
    try {
      await expect(restore()).rejects.toEqual(refused('store_failed'));
    } finally {
      spawnSync('chattr', ['-i', pinned]);
    }
    expect(kept()).toEqual(['first', 'second']);
    expect(readFileSync(pinned, 'utf8')).toBe('here\n');
    expect(readdirSync(folders.data).filter((name) => name.startsWith('before-restore'))).toEqual([]);
  });
});

/** Whether a file can be made that nobody may move: needs root, and a file system that knows the mark. */
function canPin(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'counterfoil-pin-'));
  const file = join(folder, 'pinned');
  try {
    writeFileSync(file, '');
    const pinned = spawnSync('chattr', ['+i', file]).status === 0;
    spawnSync('chattr', ['-i', file]);
    if (!pinned) console.warn('Not tried here: a restore that fails on the way (no chattr +i).');
    return pinned;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
