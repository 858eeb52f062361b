/**
 * What we keep, and nothing about what it means: SQLite behind a small interface.
 *
 * A *change* is a value: a list of statements, each of which may demand that it changed exactly one row.
 * `commit` runs it as one durable transaction or refuses it whole, so nothing is ever awaited inside a
 * transaction and a race ends in one winner. The owner of a table writes its SQL; this folder opens,
 * migrates and commits. It must never know a table by name outside `migrations/`.
 */
export type SqlValue = string | number | bigint | Uint8Array | null;

export interface Statement {
  readonly sql: string;
  readonly values: readonly SqlValue[];
  /** Refuses the whole change with `conflict` unless exactly one row changed. */
  readonly mustChangeOne?: boolean;
  readonly mark?: Mark;
}

/**
 * What a statement does to the state that a head is kept of (`src/state-head`). The database never sees it.
 *
 * `row`: a row that decides now has this MAC; without one it was written while locked. `removed`: it is gone.
 * `entry`: the newest entry of the audit log.
 */
export type Mark =
  | { readonly kind: 'row'; readonly table: string; readonly id: string; readonly mac: Uint8Array | undefined }
  | { readonly kind: 'removed'; readonly table: string; readonly id: string; readonly whileLocked?: true }
  | { readonly kind: 'entry'; readonly seq: number; readonly hash: string; readonly event: string };

export type Change = readonly Statement[];

/**
 * What a committed change survives. `power-loss`: it is on the disk. `process-end`: the system has it, so a killed program loses
 * nothing; a power cut may take the last moments, in order from the end. Whatever is committed later as `power-loss` takes
 * everything before it along.
 */
export type Durability = 'power-loss' | 'process-end';

export interface Store {
  /** Absolute path of the database, or `:memory:`. */
  readonly file: string;
  /** The first row, or `undefined`. */
  first<Row>(sql: string, ...values: readonly SqlValue[]): Row | undefined;
  all<Row>(sql: string, ...values: readonly SqlValue[]): readonly Row[];
  /** Row by row, for reading a whole table. Finish or leave the loop before the next commit. */
  each<Row>(sql: string, ...values: readonly SqlValue[]): IterableIterator<Row>;
  /**
   * Runs the change as one transaction; it survives what `durability` says when this returns. Default `power-loss`.
   * Refuses `conflict` when a statement did not change its one row, `store_failed` when the disk or
   * the database says no: then nothing of it happened.
   */
  commit(change: Change, durability?: Durability): void;
  /**
   * False for a row that is not the newest that was committed: its MAC is another, or it is there and ought not to be, or (without
   * one) the other way round. Only a store that keeps a state head can tell (`src/state-head`).
   */
  isNewest?(table: string, id: string, mac: Uint8Array | undefined): boolean;
  /**
   * An owner of rows in `table` says how one that was written while locked is signed; `undefined`: it is not taken over, or not his.
   * Only a store that keeps a state head asks, at unlock, and commits the answers together with the new head.
   */
  signsUnsigned?(table: string, sign: (id: string) => Statement | undefined): void;
  /** Checkpoints and closes. Later calls refuse `store_failed`. */
  close(): void;
}
