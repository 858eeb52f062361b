/**
 * A table whose rows decide something: the row is readable, and a MAC under a vault key covers the table, the
 * id, the schema, the row's version and its whole body (security rule 3). Columns that exist for queries are
 * derived from the body and compared when a row is read, so flipping or swapping any column is found.
 *
 * SQL shape of each such table (plus its index columns):
 * `id TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL, mac BLOB` with `STRICT`.
 *
 * While the vault is locked a row is written without a MAC and read as untrusted; at unlock `adopt` checks
 * each by the table's own rule and authenticates it, or reports it.
 */
import type { SqlValue, Statement } from '../store/store.ts';

export interface GuardedTableDefinition<Value> {
  readonly name: string;
  /** Raised when the meaning of the body changes. Part of the MAC. */
  readonly schema: number;
  /** Index columns, derived from the value. */
  readonly columns: (value: Value) => Readonly<Record<string, SqlValue>>;
  /**
   * True when a row written while locked may be taken over at unlock, because it grants nothing: a pending
   * request, a pending agent. Default: none may.
   */
  readonly harmlessWhileLocked?: (value: Value) => boolean;
}

export interface GuardedRow<Value> {
  readonly id: string;
  /** 1 for a new row; an update names the version that it replaces. */
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
  /** Refuses `row_tampered` when unlocked and the MAC or a column does not fit. */
  find(id: string): GuardedRow<Value> | undefined;
  /** `where` uses index columns only. Tampered rows are left out here and reported by {@link GuardedTable.tampered}. */
  list(where?: string, ...values: readonly SqlValue[]): readonly GuardedRow<Value>[];
  count(where?: string, ...values: readonly SqlValue[]): number;
  /** Ids of rows that do not verify. Empty while locked. */
  tampered(): readonly string[];
  /** At unlock: authenticates harmless rows that were written while locked. Returns what it did. */
  adopt(): { readonly adopted: readonly string[]; readonly refused: readonly string[] };
}
