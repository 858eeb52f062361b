/** The record of a vault as a program that writes the database sees it. */
import type { VaultRecord } from '../../src/vault/vault-record.ts';
import type { Keep } from '../support/open-keep.ts';

type Mutable<Value> = Value extends object ? { -readonly [Key in keyof Value]: Mutable<Value[Key]> } : Value;
export type EditableRecord = Mutable<VaultRecord>;

export function recordOf({ store }: Pick<Keep, 'store'>): EditableRecord {
  const row = store.first<{ text: string }>("SELECT CAST(value AS TEXT) AS text FROM meta WHERE key = 'vault'");
  return JSON.parse(row?.text ?? '') as EditableRecord;
}

/** Writes the record as `change` leaves or returns it. */
export function editRecord(keep: Pick<Keep, 'store'>, change: (record: EditableRecord) => EditableRecord | void): void {
  const record = recordOf(keep);
  const text = JSON.stringify(change(record) ?? record);
  keep.store.commit([{ sql: "UPDATE meta SET value = ? WHERE key = 'vault'", values: [Buffer.from(text)], mustChangeOne: true }]);
}
