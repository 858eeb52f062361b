import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isRefusal } from '../../src/base/errors.ts';
import { backUpDatabase } from '../../src/store/back-up.ts';
import { openStore } from '../../src/store/sqlite.ts';
import type { Store } from '../../src/store/store.ts';

let folder: string;
let file: string;
let store: Store;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'counterfoil-back-up-'));
  file = join(folder, 'kept.db');
  store = openStore({ file });
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

const keep = (key: string): void => store.commit([{ sql: 'INSERT INTO meta VALUES (?, ?)', values: [key, Buffer.from(key)] }]);
const keysIn = (path: string): readonly string[] => {
  const other = openStore({ file: path });
  const keys = other.all<{ key: string }>('SELECT key FROM meta ORDER BY key').map(({ key }) => key);
  other.close();
  return keys;
};
const refused = expect.toSatisfy((error: unknown) => isRefusal(error, 'store_failed')) as Error;

describe('a copy of the database (goal R6)', () => {
  test('is taken while the program works, holds what was committed, and opens as the database does', () => {
    keep('before');
    const copy = join(folder, 'copy.db');
    backUpDatabase(file, copy);
    keep('after');
    expect(keysIn(copy)).toEqual(['before']);
  });

  test('is one file that only its owner may read', () => {
    keep('a');
    const copy = join(folder, 'copy.db');
    backUpDatabase(file, copy);
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    expect(existsSync(`${copy}-wal`)).toBe(false);
  });

  test('never goes over a file that is there', () => {
    const copy = join(folder, 'copy.db');
    writeFileSync(copy, '');
    expect(() => backUpDatabase(file, copy)).toThrow(refused);
    expect(readFileSync(copy, 'utf8')).toBe('');
  });

  test('that cannot be made leaves nothing behind', () => {
    const copy = join(folder, 'copy.db');
    expect(() => backUpDatabase(join(folder, 'nowhere.db'), copy)).toThrow(refused);
    const broken = join(folder, 'broken.db');
    writeFileSync(broken, 'no database at all '.repeat(100));
    chmodSync(broken, 0o600);
    expect(() => backUpDatabase(broken, copy)).toThrow(refused);
    expect(existsSync(copy)).toBe(false);
  });
});
