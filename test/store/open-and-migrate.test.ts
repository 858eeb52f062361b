import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isRefusal, type RefusalCode } from '../../src/base/errors.ts';
import { type Migration, migrations } from '../../src/store/migrations/migrations.ts';
import { openStore } from '../../src/store/sqlite.ts';
import type { Store } from '../../src/store/store.ts';

let folder: string;
let file: string;
const open: Store[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'counterfoil-store-'));
  file = join(folder, 'data', 'counterfoil.db');
});
afterEach(() => {
  for (const store of open.splice(0)) store.close();
  rmSync(folder, { recursive: true, force: true });
});

function opened(options: { readonly migrations?: readonly Migration[] } = {}): Store {
  const store = openStore({ file, ...options });
  open.push(store);
  return store;
}

const two: readonly Migration[] = [
  { version: 1, sql: 'CREATE TABLE one (id INTEGER PRIMARY KEY) STRICT' },
  { version: 2, sql: 'CREATE TABLE two (id INTEGER PRIMARY KEY) STRICT; INSERT INTO one VALUES (1)' },
];
const tablesOf = (store: Store) =>
  store.all<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").map(({ name }) => name);
const versionOf = (store: Store) => store.first<{ user_version: number }>('PRAGMA user_version')?.user_version;

function refusal(task: () => unknown, code: RefusalCode): void {
  expect(task).toThrow(expect.toSatisfy((error: unknown) => isRefusal(error, code)));
}

describe('opening the store', () => {
  test('numbers its migrations 1, 2, 3 without a gap', () => {
    expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, index) => index + 1));
  });

  test('every table of every migration is STRICT', () => {
    const loose = opened().all(
      "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite_%'",
    );
    expect(loose).toEqual([]);
  });

  test.skipIf(process.platform === 'win32')('only its owner may read the folder, the database, the log and its index', () => {
    const store = opened();
    store.commit([{ sql: "INSERT INTO meta VALUES ('a', x'01')", values: [] }]);
    const modes = ['', '-wal', '-shm'].map((suffix) => statSync(file + suffix).mode & 0o777);
    expect(modes).toEqual([0o600, 0o600, 0o600]);
    expect(statSync(join(folder, 'data')).mode & 0o777).toBe(0o700);
  });

  test.skipIf(process.platform === 'win32')('takes back rights that others got to the file and its folder', () => {
    opened().close();
    chmodSync(file, 0o644);
    chmodSync(join(folder, 'data'), 0o755);
    opened();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'data')).mode & 0o777).toBe(0o700);
  });

  test('what a person depends on is set: write-ahead log, full sync, foreign keys, no trust in the schema', () => {
    const store = opened();
    const pragma = (name: string) => Object.values(store.first<Record<string, unknown>>(`PRAGMA ${name}`) ?? {})[0];
    expect(['journal_mode', 'synchronous', 'foreign_keys', 'trusted_schema', 'busy_timeout'].map(pragma)).toEqual([
      'wal',
      2,
      1,
      0,
      5000,
    ]);
  });

  test('runs the migrations that are missing, each once', () => {
    opened({ migrations: two.slice(0, 1) }).close();
    const store = opened({ migrations: two });
    expect(tablesOf(store)).toEqual(['one', 'two']);
    expect(versionOf(store)).toBe(2);
    store.close();
    expect(opened({ migrations: two }).all('SELECT id FROM one')).toEqual([{ id: 1 }]);
  });

  test('a migration that fails in its middle leaves nothing of itself, and the ones before it stay', () => {
    const broken = [...two, { version: 3, sql: 'CREATE TABLE three (id INTEGER) STRICT; INSERT INTO nowhere VALUES (1)' }];
    refusal(() => openStore({ file, migrations: broken }), 'store_failed');
    const store = opened({ migrations: two });
    expect(tablesOf(store)).toEqual(['one', 'two']);
    expect(versionOf(store)).toBe(2);
  });

  test('a newer schema is refused and the file is not touched, byte for byte', () => {
    opened({ migrations: two }).close();
    const before = readFileSync(file);
    refusal(() => openStore({ file, migrations: two.slice(0, 1) }), 'store_newer');
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(opened({ migrations: two }).all('SELECT id FROM one')).toEqual([{ id: 1 }]);
  });

  test('a file that is no database is refused and kept', () => {
    const text = 'somebody wrote something else here, and it is long enough to have a header of its own'.repeat(20);
    opened().close();
    writeFileSync(file, text);
    refusal(() => openStore({ file }), 'store_failed');
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  test('a database whose index has lost a row is refused, because lists would leave that row out', () => {
    const indexed = [{ version: 1, sql: 'CREATE TABLE one (id INTEGER PRIMARY KEY, n TEXT) STRICT; CREATE INDEX by_n ON one (n)' }];
    opened({ migrations: indexed }).close();
    const spoilt = new Sqlite(file);
    spoilt.exec("INSERT INTO one VALUES (1, 'a')");
    spoilt.unsafeMode(true);
    spoilt.pragma('writable_schema = ON');
    spoilt.exec("UPDATE sqlite_schema SET sql = 'CREATE INDEX by_n ON one (n) WHERE n IS NULL' WHERE name = 'by_n'");
    spoilt.close();
    const partial = new Sqlite(file);
    partial.exec("INSERT INTO one VALUES (2, 'b')");
    partial.unsafeMode(true);
    partial.pragma('writable_schema = ON');
    partial.exec("UPDATE sqlite_schema SET sql = 'CREATE INDEX by_n ON one (n)' WHERE name = 'by_n'");
    partial.close();
    refusal(() => openStore({ file, migrations: indexed }), 'store_failed');
  });

  test('a trigger that another program left, or a table that it changed, is refused', () => {
    for (const sql of [
      'CREATE TRIGGER t AFTER UPDATE ON grants BEGIN UPDATE grants SET live = 1; END',
      'ALTER TABLE agents ADD COLUMN more TEXT',
      'CREATE VIEW v AS SELECT 1',
      'DROP INDEX grants_by_live',
    ]) {
      opened().close();
      const other = new Sqlite(file);
      other.exec(sql);
      other.close();
      refusal(() => openStore({ file }), 'store_failed');
      rmSync(file);
    }
  });

  test('a folder in place of the file is refused', () => {
    refusal(() => openStore({ file: folder }), 'store_failed');
  });

  test('what was committed is there when the process ends without closing', () => {
    const store = opened();
    store.commit([{ sql: "INSERT INTO meta VALUES ('a', x'01')", values: [] }]);
    const copy = join(folder, 'copy.db');
    for (const suffix of ['', '-wal']) copyFileSync(file + suffix, copy + suffix);
    const survivor = new Sqlite(copy);
    expect(survivor.prepare('SELECT key FROM meta').all()).toEqual([{ key: 'a' }]);
    survivor.close();
  });

  test('closing leaves one file, and later calls refuse', () => {
    const store = opened();
    store.close();
    store.close();
    expect(() => statSync(`${file}-wal`)).toThrow('ENOENT');
    refusal(() => store.first('SELECT 1'), 'store_failed');
    refusal(() => store.all('SELECT 1'), 'store_failed');
    refusal(() => store.commit([]), 'store_failed');
  });
});
