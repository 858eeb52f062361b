import type { SqlValue, Store } from '../store/store.ts';
import type { Anchor, SignedHead } from './head.ts';
import { Leaves, leafKey } from './leaves.ts';

/** The tables with guarded rows, from the schema: none can be forgotten. */
function guardedTables(store: Store): readonly string[] {
  const sql = `SELECT t.name AS name FROM sqlite_schema t JOIN pragma_table_info(t.name) c
    WHERE t.type = 'table' AND c.name IN ('id', 'version', 'body', 'mac') AND t.name NOT IN ('state_head', 'state_leaves')
    GROUP BY t.name HAVING count(*) = 4 ORDER BY t.name`;
  return store.all<{ name: string }>(sql).map(({ name }) => name);
}

export interface ActualRow {
  readonly key: string;
  /** `null` for a row that was written while the vault was locked. */
  readonly mac: Uint8Array | null;
  /** For such a row: the MAC that stands beside it, of the row as it was signed last. */
  readonly signedMac: Uint8Array | null;
}

/** Every guarded row that is there. */
export function* actualRows(store: Store): Generator<ActualRow> {
  for (const table of guardedTables(store)) {
    const rows = store.each<{ id: string; mac: Uint8Array | null; signed_mac: Uint8Array | null }>(
      `SELECT id, mac, signed_mac FROM ${table}`,
    );
    for (const { id, mac, signed_mac: signedMac } of rows) yield { key: leafKey(table, id), mac, signedMac };
  }
}

/** The leaves as the rows are now. */
export function actualLeaves(store: Store): Leaves {
  const leaves = new Leaves();
  for (const { key, mac } of actualRows(store)) if (mac !== null) leaves.set(key, mac);
  return leaves;
}

/** The leaves as they were written with the head. */
export function storedLeaves(store: Store): Leaves {
  const leaves = new Leaves();
  for (const row of store.each<{ table_name: string; row_id: string; mac: Uint8Array }>('SELECT * FROM state_leaves')) {
    leaves.set(leafKey(row.table_name, row.row_id), row.mac);
  }
  return leaves;
}

export function storedHead(store: Store): SignedHead | undefined {
  return store.first<SignedHead & Readonly<Record<string, SqlValue>>>('SELECT body, mac FROM state_head WHERE id = 1');
}

/** An entry with a number that no log reaches was planted, and goes with the next entry that is written. */
export function newestEntry(store: Store): Anchor | undefined {
  return store.first<Anchor>('SELECT seq, hash FROM audit WHERE seq < ? ORDER BY seq DESC LIMIT 1', 2 ** 41);
}

export function entryHash(store: Store, seq: number): string | undefined {
  return store.first<{ hash: string }>('SELECT hash FROM audit WHERE seq = ?', seq)?.hash;
}
