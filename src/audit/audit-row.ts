import type { AuditEntry } from './audit.ts';
import type { ChainedEvent } from './chain.ts';

/** A row of the `audit` table. The columns beside `entry` repeat parts of it, for queries. */
export interface AuditRow {
  readonly seq: number;
  readonly ts: string;
  readonly event: string;
  readonly agent_id: string | null;
  readonly approval_id: string | null;
  readonly grant_id: string | null;
  readonly entry: string;
  readonly previous_hash: string;
  readonly hash: string;
}

/** The entry of a row. Not verified: the page that lists entries also shows what `verify` found. */
export function toEntry(row: AuditRow): AuditEntry {
  return { ...parseEntry(row), hash: row.hash, previousHash: row.previous_hash };
}

/** A row whose text was destroyed still appears, as what its columns say. */
function parseEntry(row: AuditRow): ChainedEvent {
  const columns = { seq: row.seq, ts: row.ts, event: row.event as ChainedEvent['event'] };
  try {
    return { ...(JSON.parse(row.entry) as ChainedEvent), seq: row.seq };
  } catch {
    return { ...columns, outcome: 'error', reason: 'row_tampered' };
  }
}
