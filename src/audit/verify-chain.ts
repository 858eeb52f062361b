import type { Store } from '../store/store.ts';
import type { AuditVerification } from './audit.ts';
import type { AuditRow } from './audit-row.ts';
import { type ChainedEvent, entryHash, entryText, genesisHash } from './chain.ts';

/**
 * Reads the whole chain and computes each hash again, row by row.
 *
 * Finds edits, gaps, insertions and reordering. Entries cut off at the end are not found without a copy of the head
 * from elsewhere.
 */
export function verifyChain(store: Store): AuditVerification {
  let head = genesisHash;
  let count = 0;
  for (const row of store.each<AuditRow>('SELECT * FROM audit ORDER BY seq')) {
    if (row.seq !== count + 1 || !fits(row, head)) return { intact: false, count, head, brokenAt: count + 1 };
    head = row.hash;
    count += 1;
  }
  return { intact: true, count, head };
}

/**
 * Reads on from an entry that is known, and tells which rows were changed while the vault was locked, as `table id`.
 *
 * @param from `seq` 0 for the whole chain.
 */
export function readChainFrom(
  store: Store,
  from: { readonly seq: number; readonly hash: string },
): { readonly brokenAt?: number; readonly rows: ReadonlySet<string> } {
  let { seq, hash } = from.seq === 0 ? { seq: 0, hash: genesisHash } : from;
  const rows = new Set<string>();
  for (const row of store.each<AuditRow>('SELECT * FROM audit WHERE seq > ? ORDER BY seq', seq)) {
    if (row.seq !== seq + 1 || !fits(row, hash)) return { brokenAt: seq + 1, rows };
    ({ seq, hash } = row);
    for (const name of parse(row.entry)?.rows ?? []) rows.add(name);
  }
  return { rows };
}

function fits(row: AuditRow, previousHash: string): boolean {
  return row.previous_hash === previousHash && row.hash === entryHash(previousHash, row.entry) && columnsFit(row);
}

/** The columns are outside the hash, so each is compared with the entry that is inside it. */
function columnsFit(row: AuditRow): boolean {
  const entry = parse(row.entry);
  if (entry === undefined || entryText(entry) !== row.entry) return false;
  return (
    entry.seq === row.seq &&
    entry.ts === row.ts &&
    entry.event === row.event &&
    (entry.agentId ?? null) === row.agent_id &&
    (entry.approvalId ?? null) === row.approval_id &&
    (entry.grantId ?? null) === row.grant_id
  );
}

function parse(text: string): ChainedEvent | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as ChainedEvent) : undefined;
  } catch {
    return undefined;
  }
}
