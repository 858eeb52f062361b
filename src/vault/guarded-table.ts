/**
 * A table whose rows decide something: the row is readable, and a MAC under a vault key covers the table, the
 * id, the schema, the row's version and its whole body (security rule 3). Columns that exist for queries are
 * derived from the body and compared when a row is read, so flipping or swapping any column is found.
 *
 * SQL shape of each such table (plus its index columns):
 * `id TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL, mac BLOB, signed_version INTEGER, signed_body TEXT,
 * signed_mac BLOB` with `STRICT`.
 *
 * While the vault is locked a row is written without a MAC and read as untrusted; what it said when it was signed last stays
 * beside it. At unlock each is judged by the table's own rule, which sees both: a new row is taken over when it grants nothing, a
 * changed one as the signed row with that taken away which the unsigned one takes away. Everything else is not used and reported.
 *
 * Within one run of the program a row cannot be put back: a version lower than one that was read or committed, or the
 * absence of a row that was there, is tampering. Between two runs the state head finds it (`src/state-head`): each statement
 * carries a mark that says what it does to a row. While unlocked each row that is read is compared with its leaf besides, because
 * another program can write the file at any time, also rows that this run has not looked at and triggers that undo a change.
 */
import { timingSafeEqual } from 'node:crypto';
import { isRefusal, Refusal } from '../base/errors.ts';
import type { Mark, SqlValue, Statement, Store } from '../store/store.ts';
import { framed } from './framed.ts';
import { RowMemory } from './row-memory.ts';
import type { Vault } from './vault.ts';

export interface GuardedTableDefinition<Value> {
  readonly name: string;
  /** Raised when the meaning of the body changes. Part of the MAC. */
  readonly schema: number;
  /** Index columns, derived from the value. */
  readonly columns: (value: Value) => Readonly<Record<string, SqlValue>>;
  /**
   * What a row that was written while locked becomes at unlock; `undefined` when it is not taken over. Anybody may have written
   * `written`. `before` is the row as it was signed last, `undefined` for a new one: then only what grants nothing may be taken over, a
   * pending request, a pending agent. Otherwise answer `before` with less authority, and let nothing else of `written` in.
   * Default: none is taken over.
   */
  readonly adopt?: (written: Value, id: string, before: Value | undefined) => Value | undefined;
  /**
   * Where one SQL table has several owners: the ids of this one. Rows of other ids do not exist for it, and since the id is
   * in the MAC, no row of one owner passes for one of another. Ours; they stand in the SQL as they are.
   */
  readonly ids?: readonly string[];
}

export interface GuardedRow<Value> {
  readonly id: string;
  /** 1 for a new row (more when the id was used before in this run); an update names the version that it replaces. */
  readonly version: number;
  readonly value: Value;
  /** False while the vault is locked, or for a row that was written while it was. */
  readonly trusted: boolean;
}

export interface GuardedTable<Value> {
  insert(id: string, value: Value): Statement;
  /** Compare-and-set on the version: a change that lost the race refuses `conflict`. */
  update(row: GuardedRow<Value>, value: Value): Statement;
  remove(row: GuardedRow<Value>): Statement;
  /**
   * Refuses `row_tampered` when unlocked and the MAC or a column does not fit, and always for a row that is older than it
   * was in this run, or that vanished.
   */
  find(id: string): GuardedRow<Value> | undefined;
  /** `where` uses index columns only. Tampered rows are left out here and reported by {@link GuardedTable.tampered}. */
  list(where?: string, ...values: readonly SqlValue[]): readonly GuardedRow<Value>[];
  count(where?: string, ...values: readonly SqlValue[]): number;
  /** Ids of rows that do not verify, are older than they were, or vanished. Empty while locked. */
  tampered(): readonly string[];
  /**
   * At unlock: authenticates rows that were written while locked, by the table's rule. Returns what it did. A store that keeps a state
   * head has done so before, in the commit of its first head: then this names the ones that stay refused.
   */
  adopt(): { readonly adopted: readonly string[]; readonly refused: readonly string[] };
}

export interface GuardedTableDeps {
  readonly store: Store;
  readonly vault: Pick<Vault, 'rowMac' | 'state'>;
}

/** The guarded table of that definition. `name` and the names of `columns` are ours and stand in the SQL as they are. */
export function guardedTable<Value>(deps: GuardedTableDeps, definition: GuardedTableDefinition<Value>): GuardedTable<Value> {
  return new MacGuardedTable(deps, definition);
}

/** Rows of one table that are remembered as verified: about what is in use at one time. */
const verifiedAtMost = 256;

interface StoredRow {
  readonly id: string;
  readonly version: number;
  readonly body: string;
  readonly mac: Uint8Array | null;
  /** The row as it was signed last, while it has no MAC; all or none of the three. */
  readonly signed_version: number | null;
  readonly signed_body: string | null;
  readonly signed_mac: Uint8Array | null;
  readonly [column: string]: SqlValue;
}

/** In an update without a MAC the signed row moves aside, unless one stands there; in one with a MAC nothing is left of it. */
const keepSigned = [
  'signed_version = iif(mac IS NULL, signed_version, version)',
  'signed_body = iif(mac IS NULL, signed_body, body)',
  'signed_mac = coalesce(mac, signed_mac)',
];
const forgetSigned = ['signed_version = NULL', 'signed_body = NULL', 'signed_mac = NULL'];

class MacGuardedTable<Value> implements GuardedTable<Value> {
  readonly #store: Store;
  readonly #vault: GuardedTableDeps['vault'];
  readonly #definition: GuardedTableDefinition<Value>;
  /** What was verified, with the very bytes that it was verified from; newest last. */
  readonly #verified = new Map<string, { readonly stored: StoredRow; readonly row: GuardedRow<Value> }>();

  readonly #memory = new RowMemory();
  /** What is read from: the table, or the rows of this owner. */
  readonly #source: string;

  constructor(deps: GuardedTableDeps, definition: GuardedTableDefinition<Value>) {
    this.#store = deps.store;
    this.#vault = deps.vault;
    this.#definition = definition;
    const { name, ids } = definition;
    const own = ids?.map((id) => `'${id}'`).join(', ');
    this.#source = own === undefined ? name : `(SELECT * FROM ${name} WHERE id IN (${own}))`;
    this.#store.signsUnsigned?.(name, (id) => this.#select('mac IS NULL AND id = ?', [id]).map((row) => this.#takenOver(row))[0]);
  }

  insert(id: string, value: Value): Statement {
    if (this.#definition.ids?.includes(id) === false) throw new Error(`${id} is not a row of this owner`);
    const version = this.#memory.lastVersion(id) + 1;
    const body = JSON.stringify(value);
    const columns = Object.entries(this.#definition.columns(value));
    const names = ['id', 'version', 'body', 'mac', ...columns.map(([name]) => name)];
    const mac = this.#mac({ id, version, body });
    this.#remember(id, { version, signed: mac !== undefined });
    return {
      sql: `INSERT INTO ${this.#definition.name} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
      values: [id, version, body, mac ?? null, ...columns.map(([, columnValue]) => columnValue)],
      mustChangeOne: true,
      mark: this.#marked(id, mac),
    };
  }

  update(row: GuardedRow<Value>, value: Value): Statement {
    const { id } = row;
    const version = row.version + 1;
    const body = JSON.stringify(value);
    const mac = this.#mac({ id, version, body });
    // security: rule 3. A row read without its MAC, while locked, must not be authenticated by writing it back.
    if (mac !== undefined && !row.trusted) {
      throw new Refusal('conflict', 'The vault was unlocked in the meantime. Nothing was done.', { hint: 'Read it again.' });
    }
    this.#remember(id, { version, signed: mac !== undefined });
    return this.#replacement({ id, version: row.version }, { version, body, mac }, value);
  }

  #replacement(
    old: { readonly id: string; readonly version: number },
    { version, body, mac }: { readonly version: number; readonly body: string; readonly mac: Uint8Array | undefined },
    value: Value,
  ): Statement {
    const columns = Object.entries(this.#definition.columns(value));
    const assignments = [
      ...(mac === undefined ? keepSigned : forgetSigned),
      ...['version', 'body', 'mac', ...columns.map(([name]) => name)].map((name) => `${name} = ?`),
    ];
    return {
      sql: `UPDATE ${this.#definition.name} SET ${assignments.join(', ')} WHERE id = ? AND version = ?`,
      values: [version, body, mac ?? null, ...columns.map(([, columnValue]) => columnValue), old.id, old.version],
      mustChangeOne: true,
      mark: this.#marked(old.id, mac),
    };
  }

  #marked(id: string, mac: Uint8Array | undefined): Mark {
    return { kind: 'row', table: this.#definition.name, id, mac };
  }

  remove(row: GuardedRow<Value>): Statement {
    this.#remember(row.id, 'removal');
    return {
      sql: `DELETE FROM ${this.#definition.name} WHERE id = ? AND version = ?`,
      values: [row.id, row.version],
      mustChangeOne: true,
      mark: { kind: 'removed', table: this.#definition.name, id: row.id, ...(this.#isLocked() && { whileLocked: true }) },
    };
  }

  find(id: string): GuardedRow<Value> | undefined {
    const row = this.#store.first<StoredRow>(`SELECT * FROM ${this.#source} WHERE id = ?`, id);
    this.#memory.settle(id, row);
    // security: rule 3
    if (row === undefined && (this.#memory.isPutBack(id, row) || !this.#isNewest(id, undefined))) throw this.#tamperedRow(id);
    return row && this.#read(row);
  }

  list(where?: string, ...values: readonly SqlValue[]): readonly GuardedRow<Value>[] {
    return this.#select(where, values).flatMap((row) => {
      const read = this.#tryRead(row);
      return read === undefined ? [] : [read];
    });
  }

  count(where?: string, ...values: readonly SqlValue[]): number {
    const sql = `SELECT count(*) AS count FROM ${this.#source}${where === undefined ? '' : ` WHERE ${where}`}`;
    return this.#store.first<{ count: number }>(sql, ...values)?.count ?? 0;
  }

  tampered(): readonly string[] {
    if (this.#isLocked()) return [];
    const rows = this.#select(undefined, []);
    const there = new Set(rows.map(({ id }) => id));
    const vanished = this.#memory.present().filter((id) => !there.has(id));
    return [...rows.filter((row) => this.#tryRead(row) === undefined).map(({ id }) => id), ...vanished];
  }

  adopt(): { readonly adopted: readonly string[]; readonly refused: readonly string[] } {
    if (this.#isLocked()) throw new Refusal('vault_locked', 'The vault is locked.');
    const rows = this.#select('mac IS NULL', []);
    const taken = rows.flatMap((row) => {
      const statement = this.#takenOver(row);
      return statement === undefined ? [] : [{ id: row.id, statement }];
    });
    this.#store.commit(taken.map(({ statement }) => statement));
    const adopted = taken.map(({ id }) => id);
    return { adopted, refused: rows.map(({ id }) => id).filter((id) => !adopted.includes(id)) };
  }

  /** The statement that authenticates a row by the owner's rule. A body that the rule cannot read must not stop the unlock. */
  #takenOver(row: StoredRow): Statement | undefined {
    const { id } = row;
    // security: rule 3, a row that had its MAC in this run is not signed again without it
    if (!this.#memory.mayBeAdopted(id, row.version)) return undefined;
    // security: rule 8, it is judged by the newest state that was signed, not by one that somebody put beside it
    if (!this.#isNewest(id, row.signed_mac ?? undefined)) return undefined;
    const written = this.#valueOf(row);
    try {
      const kept = written && this.#definition.adopt?.(written, id, this.#signedBefore(row));
      if (kept === undefined) return undefined;
      const version = row.version + 1;
      const body = JSON.stringify(kept);
      const statement = this.#replacement(row, { version, body, mac: this.#mac({ id, version, body }) }, kept);
      this.#remember(id, { version, signed: true });
      return { ...statement, sql: `${statement.sql} AND mac IS NULL` };
    } catch {
      return undefined;
    }
  }

  /** `undefined` for a row that was never signed. */
  #signedBefore({ id, version, signed_version, signed_body, signed_mac }: StoredRow): Value | undefined {
    if (signed_mac === null) return undefined;
    const before = { id, version: signed_version ?? 0, body: signed_body ?? '' };
    const expected = this.#mac(before);
    // security: rule 3
    if (expected === undefined || !isEqual(expected, signed_mac) || before.version >= version) throw this.#tamperedRow(id);
    return JSON.parse(before.body, frozen) as Value;
  }

  /** What was built counts once the row is found with it, at the latest at the end of this turn. */
  #remember(id: string, built: Parameters<RowMemory['build']>[1]): void {
    if (this.#memory.build(id, built)) queueMicrotask(() => this.#settleAtEndOfTurn());
  }

  #settleAtEndOfTurn(): void {
    try {
      this.#settle();
    } catch (error) {
      // A store that is closed by now has nothing left to put back.
      if (!isRefusal(error)) throw error;
    }
  }

  #settle(): void {
    for (const id of this.#memory.waiting()) {
      this.#memory.settle(id, this.#store.first(`SELECT version FROM ${this.#definition.name} WHERE id = ?`, id));
    }
  }

  #select(where: string | undefined, values: readonly SqlValue[]): readonly StoredRow[] {
    this.#settle();
    const sql = `SELECT * FROM ${this.#source}${where === undefined ? '' : ` WHERE ${where}`}`;
    return this.#store.all<StoredRow>(sql, ...values);
  }

  #tryRead(row: StoredRow): GuardedRow<Value> | undefined {
    try {
      return this.#read(row);
    } catch (error) {
      if (isRefusal(error, 'row_tampered')) return undefined;
      throw error;
    }
  }

  #read(row: StoredRow): GuardedRow<Value> {
    // security: rule 3, a MAC does not say that the row is the newest
    if (this.#memory.isPutBack(row.id, row)) throw this.#tamperedRow(row.id);
    if (this.#isLocked()) return this.#check(row);
    // security: rule 8, nor does a version that this run has not read before
    if (!this.#isNewest(row.id, row.mac ?? undefined)) throw this.#tamperedRow(row.id);
    const known = this.#verified.get(row.id);
    // The same bytes under the same key: nothing is trusted that was not verified.
    if (known !== undefined && isSameRow(known.stored, row)) return known.row;
    const read = this.#check(row);
    this.#memory.read(row.id, row.version);
    this.#verified.delete(row.id);
    if (this.#verified.size >= verifiedAtMost) this.#verified.delete(this.#verified.keys().next().value ?? '');
    this.#verified.set(row.id, { stored: row, row: read });
    return read;
  }

  #check(row: StoredRow): GuardedRow<Value> {
    const expected = this.#mac(row);
    const trusted = expected !== undefined;
    // security: rule 3
    if (trusted && (!isEqual(expected, row.mac) || row.signed_mac !== null)) throw this.#tamperedRow(row.id);
    const value = this.#valueOf(row);
    if (value === undefined) throw this.#tamperedRow(row.id);
    return { id: row.id, version: row.version, value, trusted };
  }

  /** The body, if it is JSON and the index columns say what it says. */
  #valueOf(row: StoredRow): Value | undefined {
    try {
      const value = JSON.parse(row.body, frozen) as Value;
      const columns = Object.entries(this.#definition.columns(value));
      // security: rule 3
      return columns.every(([name, expected]) => isSameColumn(expected, row[name])) ? value : undefined;
    } catch {
      return undefined;
    }
  }

  #mac({ id, version, body }: Pick<StoredRow, 'id' | 'version' | 'body'>): Uint8Array | undefined {
    const { name, schema } = this.#definition;
    return this.#vault.rowMac(framed('counterfoil/row/v1', name, id, String(schema), String(version), body));
  }

  #isNewest(id: string, mac: Uint8Array | undefined): boolean {
    return this.#store.isNewest?.(this.#definition.name, id, mac) !== false;
  }

  #isLocked(): boolean {
    return this.#vault.state() !== 'unlocked';
  }

  #tamperedRow(id: string): Refusal {
    return new Refusal('row_tampered', 'A record was changed outside this program and is not used.', {
      detail: `${this.#definition.name} ${id}`,
    });
  }
}

function isEqual(expected: Uint8Array, found: Uint8Array | null): boolean {
  return found !== null && expected.length === found.length && timingSafeEqual(expected, found);
}

/** Verified values are lent to many: nobody may change one. */
function frozen(_key: string, value: unknown): unknown {
  return typeof value === 'object' && value !== null ? Object.freeze(value) : value;
}

/** Every column, the MAC and the columns for queries included. */
function isSameRow(one: StoredRow, other: StoredRow): boolean {
  const names = Object.keys(other);
  return names.length === Object.keys(one).length && names.every((name) => isSameColumn(one[name] ?? null, other[name]));
}

function isSameColumn(expected: SqlValue, found: SqlValue | undefined): boolean {
  if (expected instanceof Uint8Array) return found instanceof Uint8Array && Buffer.compare(expected, found) === 0;
  return expected === found;
}
