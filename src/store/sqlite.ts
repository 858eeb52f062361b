import { chmodSync, closeSync, fchmodSync, mkdirSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import Sqlite from 'better-sqlite3';
import { Refusal } from '../base/errors.ts';
import { assertSchema, assertWhole } from './assert-whole.ts';
import { assertNotNewer, migrate } from './migrate.ts';
import { migrations as allMigrations, type Migration } from './migrations/migrations.ts';
import type { Change, Durability, SqlValue, Statement, Store } from './store.ts';

export interface StoreOptions {
  /** Path of the database, or `:memory:`. Its folder is made (0700) when it is missing. */
  readonly file: string;
  /** How long to wait for another connection. Milliseconds. Default 5,000. */
  readonly busyTimeoutMs?: number;
  /** Default: all of `migrations/migrations.ts`. */
  readonly migrations?: readonly Migration[];
}

/** More statements than the program has; reached only by SQL built from data, which must not fill the memory. */
const preparedAtMost = 512;

/**
 * Opens the database and brings its schema up to date.
 *
 * Refuses `store_newer` for a file of a later version, which stays as it is, and `store_failed` when the file is
 * damaged, is no database, or cannot be opened.
 */
export function openStore(options: StoreOptions): Store {
  const { file, busyTimeoutMs = 5000, migrations = allMigrations } = options;
  let database: Sqlite.Database | undefined;
  try {
    if (file !== ':memory:') makePrivate(file);
    database = new Sqlite(file, { timeout: busyTimeoutMs });
    assertNotNewer(database, migrations);
    configure(database);
    assertWhole(database);
    migrate(database, migrations);
    assertSchema(database, migrations);
    return new SqliteStore(database, file === ':memory:' ? file : resolve(file));
  } catch (error) {
    database?.close();
    throw asRefusal(error, 'The data could not be opened.');
  }
}

/** SQLite gives `-wal` and `-shm` the mode of the database, so the file has its mode before SQLite sees it. */
function makePrivate(file: string): void {
  const folder = dirname(file);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const descriptor = openSync(file, 'a', 0o600);
  try {
    fchmodSync(descriptor, 0o600);
  } finally {
    closeSync(descriptor);
  }
}

function configure(database: Sqlite.Database): void {
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  // security: a schema edited by another program may call no function with side effects.
  database.pragma('trusted_schema = OFF');
  database.pragma('cell_size_check = ON');
  database.pragma('secure_delete = ON');
}

class SqliteStore implements Store {
  readonly file: string;
  readonly #database: Sqlite.Database;
  readonly #prepared = new Map<string, Sqlite.Statement>();
  readonly #run: Sqlite.Transaction<(change: Change) => void>;
  #durability: Durability = 'power-loss';

  constructor(database: Sqlite.Database, file: string) {
    this.file = file;
    this.#database = database;
    this.#run = database.transaction((change: Change) => {
      for (const statement of change) this.#execute(statement);
    });
  }

  first<Row>(sql: string, ...values: readonly SqlValue[]): Row | undefined {
    return this.#guard(() => this.#prepare(sql).get(...values) as Row | undefined);
  }

  all<Row>(sql: string, ...values: readonly SqlValue[]): readonly Row[] {
    return this.#guard(() => this.#prepare(sql).all(...values) as Row[]);
  }

  *each<Row>(sql: string, ...values: readonly SqlValue[]): IterableIterator<Row> {
    try {
      yield* this.#prepare(sql).iterate(...values) as IterableIterator<Row>;
    } catch (error) {
      throw asRefusal(error, 'The data could not be read.');
    }
  }

  commit(change: Change, durability: Durability = 'power-loss'): void {
    this.#guard(() => {
      if (durability !== this.#durability) {
        this.#database.pragma(`synchronous = ${durability === 'power-loss' ? 'FULL' : 'NORMAL'}`);
        this.#durability = durability;
      }
      this.#run.immediate(change);
    });
  }

  close(): void {
    if (!this.#database.open) return;
    this.#prepared.clear();
    this.#guard(() => {
      try {
        this.#database.pragma('wal_checkpoint(TRUNCATE)');
      } finally {
        this.#database.close();
      }
    });
  }

  #execute(statement: Statement): void {
    const { changes } = this.#prepare(statement.sql).run(...statement.values);
    if (statement.mustChangeOne === true && changes !== 1) {
      throw new Refusal('conflict', 'This was changed in the meantime. Nothing was done.', {
        detail: `${changes} rows changed: ${statement.sql}`,
      });
    }
  }

  #prepare(sql: string): Sqlite.Statement {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    if (this.#prepared.size >= preparedAtMost) this.#prepared.clear();
    const statement = this.#database.prepare(sql);
    this.#prepared.set(sql, statement);
    return statement;
  }

  #guard<Result>(use: () => Result): Result {
    try {
      return use();
    } catch (error) {
      throw asRefusal(error, 'The data could not be read or written. Nothing was changed.');
    }
  }
}

/** A row that is there already lost a race; everything else is the database or the disk saying no. */
const conflictCodes = new Set(['SQLITE_CONSTRAINT_PRIMARYKEY', 'SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_ROWID']);

function asRefusal(error: unknown, message: string): Refusal {
  if (error instanceof Refusal) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const detail = error instanceof Error ? `${code} ${error.message}`.trim() : String(error);
  if (conflictCodes.has(code)) {
    return new Refusal('conflict', 'This was changed in the meantime. Nothing was done.', { detail, cause: error });
  }
  return new Refusal('store_failed', message, { detail, cause: error });
}
