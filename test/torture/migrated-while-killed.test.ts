import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isRefusal } from '../../src/base/errors.ts';
import { migrations } from '../../src/store/migrations/migrations.ts';
import { openStore } from '../../src/store/sqlite.ts';
import { goal } from './goal.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'counterfoil-migrated-'));
  file = join(folder, 'kept.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Column {
  readonly name: string;
  readonly type: string;
}

/** A database as the version of that schema left it: every table filled by its own shape. */
function makeOlder(version: number): void {
  const store = openStore({ file, migrations: migrations.filter((migration) => migration.version <= version) });
  const tables = store.all<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
  // References are by id, and every id is the same: parents first, which is the order in which they were made.
  for (const { name } of tables) {
    const columns = store.all<Column>(`SELECT name, type FROM pragma_table_info('${name}')`);
    for (let row = 0; row < 20; row += 1) {
      store.commit([
        {
          sql: `INSERT INTO ${name} (${columns.map((column) => column.name).join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
          values: columns.map((column) => valueFor(column, name === 'state_head' ? 1 : row)),
        },
      ]);
      if (name === 'state_head') break;
    }
  }
  store.close();
}

function valueFor({ name, type }: Column, row: number): string | number | Uint8Array {
  if (type === 'INTEGER') return row + (name === 'id' ? 0 : 1);
  return type === 'BLOB' ? Buffer.from(`${name} ${row}`) : `value ${row}`;
}

/** Everything in the tables that the older version had. A new column says nothing about what was there before. */
function contentOf(tables: readonly string[]): unknown {
  const database = new Sqlite(file, { readonly: true });
  try {
    return tables.map((name) => [name, database.prepare<[], object>(`SELECT * FROM ${name}`).all().map(withoutNulls)]);
  } finally {
    database.close();
  }
}

function withoutNulls(row: object): object {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
}

function tablesOf(): readonly string[] {
  const database = new Sqlite(file, { readonly: true });
  try {
    const sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
    return database
      .prepare<[], { name: string }>(sql)
      .all()
      .map(({ name }) => name);
  } finally {
    database.close();
  }
}

/** The schema as SQLite describes it, and its version. */
function schemaOf(): unknown {
  const database = new Sqlite(file, { readonly: true });
  try {
    const parts = database.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY name').all();
    return { parts, version: database.pragma('user_version', { simple: true }), whole: database.pragma('integrity_check') };
  } finally {
    database.close();
  }
}

const newest = migrations.at(-1)?.version ?? 0;
/** The empty file counts: a first start is a migration too. */
const older = [0, ...migrations.map(({ version }) => version)].filter((version) => version < newest);

/** Opens the database as the product does, and is killed after so many statements and pragmas; says how many there were. */
const upgrading = `
  import Sqlite from 'better-sqlite3';
  import { migrations } from './src/store/migrations/migrations.ts';
  import { openStore } from './src/store/sqlite.ts';
  const [file, killAfter] = process.argv.slice(1);
  let done = 0;
  const step = () => { if (++done === Number(killAfter)) process.kill(process.pid, 'SIGKILL'); };
  const { exec, pragma } = Sqlite.prototype;
  // One migration becomes its statements, and each of them may be the last thing that this program does.
  Sqlite.prototype.exec = function (sql) {
    for (const statement of sql.split(';').map((one) => one.trim()).filter(Boolean)) { exec.call(this, statement); step(); }
    return this;
  };
  Sqlite.prototype.pragma = function (...given) { const found = pragma.apply(this, given); step(); return found; };
  openStore({ file, migrations }).close();
  process.stdout.write(String(done));`;

/** Returns how many steps a whole upgrade has, or `undefined` when it was killed. */
async function upgrade(killAfter: number): Promise<number | undefined> {
  const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', upgrading, file, String(killAfter)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  let wrong = '';
  child.stdout.on('data', (chunk) => {
    said += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    wrong += String(chunk);
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  if (signal === 'SIGKILL') return undefined;
  if (code !== 0) throw new Error(wrong);
  return Number(said);
}

interface Point {
  readonly version: number;
  readonly killAfter: number;
}

/** After every step of an upgrade from every older schema. */
async function allPoints(): Promise<readonly Point[]> {
  const points: Point[] = [];
  for (const version of older) {
    emptyFolder();
    makeOlder(version);
    const steps = (await upgrade(Number.POSITIVE_INFINITY)) ?? 0;
    points.push(...Array.from({ length: steps }, (_, index) => ({ version, killAfter: index + 1 })));
  }
  return points;
}

function emptyFolder(): void {
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
}

test.each(older)(
  'data of schema %i is upgraded with all that is in it, and ends with the schema of a new installation (goal R5)',
  (version) => {
    openStore({ file }).close();
    const fresh = schemaOf();
    rmSync(file);
    makeOlder(version);
    const tables = tablesOf();
    const before = contentOf(tables);
    openStore({ file }).close();
    expect(contentOf(tables)).toEqual(before);
    expect(schemaOf()).toEqual(fresh);
  },
);

test('an upgrade that is killed after any of its steps leaves a whole older schema, and goes on at the next start (goal R5)', async () => {
  const all = await allPoints();
  const { count, random, report } = goal('R5', all.length, 12);
  const order = all.map((point) => ({ point, at: random() })).toSorted((one, other) => one.at - other.at);
  const killedIn = new Set<number>();
  for (const { point } of order.slice(0, count)) {
    const { version, killAfter } = point;
    emptyFolder();
    makeOlder(version);
    const tables = tablesOf();
    const before = contentOf(tables);
    expect(await upgrade(killAfter)).toBeUndefined();
    killedIn.add(version);
    expect(contentOf(tables)).toEqual(before);
    const found = schemaOf() as { version: number; whole: unknown };
    expect(found.whole).toEqual([{ integrity_check: 'ok' }]);
    expect(found.version).toBeGreaterThanOrEqual(version);
    const store = openStore({ file });
    expect(store.first('PRAGMA user_version')).toEqual({ user_version: newest });
    store.close();
    expect(contentOf(tables)).toEqual(before);
  }
  report(`every step of an upgrade from schema ${[...killedIn].toSorted().join(', ')}; 0 left between two schemas`);
});

test('data of a newer version is refused, and no byte of the folder changes, also when that version was killed (goal R5)', () => {
  const newer = [...migrations, { version: newest + 1, sql: 'CREATE TABLE later (id INTEGER PRIMARY KEY) STRICT' }];
  openStore({ file, migrations: newer }).close();
  const killed = new Sqlite(file);
  killed.pragma('journal_mode = WAL');
  killed.exec('INSERT INTO later VALUES (1)');
  const bytes = () =>
    readdirSync(folder)
      .filter((name) => !name.endsWith('-shm'))
      .map((name) => [name, readFileSync(join(folder, name))]);
  const before = bytes();
  expect(before).toHaveLength(2);
  expect(() => openStore({ file })).toThrow(expect.toSatisfy((error: unknown) => isRefusal(error, 'store_newer')) as Error);
  expect(bytes()).toEqual(before);
  killed.close();
});
