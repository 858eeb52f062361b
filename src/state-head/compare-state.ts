import { readChainFrom } from '../audit/audit.ts';
import type { Statement, Store } from '../store/store.ts';
import { type Anchor, type Head, openHead, type SignedHead } from './head.ts';
import type { Copy } from './keychain-copy.ts';
import { type Leaves, refusedLeaf, rowOf } from './leaves.ts';
import { type ActualRow, actualRows, entryHash, newestEntry } from './read-state.ts';
import type { Finding, StateHeadDeps } from './state-head.ts';

export interface StateToCompare {
  readonly store: Store;
  readonly vault: Pick<StateHeadDeps['vault'], 'rowMac'>;
  readonly copy: Copy | 'damaged' | undefined;
  readonly stored: SignedHead | undefined;
  readonly leaves: Leaves;
  /** How the owner of a row signs it although it was written while locked; `undefined`: it is not taken over. */
  readonly sign: (table: string, id: string) => Statement | undefined;
}

export interface Compared {
  readonly findings: readonly Finding[];
  /** The highest one known. */
  readonly epoch: number;
  /** What signs the rows that were written while locked and are taken over. */
  readonly adoptions: readonly Statement[];
  /** Keys of rows without MAC that are not. */
  readonly refused: readonly string[];
}

/**
 * Tables whose rows are also removed while the vault is locked, when no head can be written. A row of these only ever gives
 * authority, so that its absence gives none; replay entries of an earlier run are covered by the nonces of this one.
 */
const lossIsHarmless: ReadonlySet<string> = new Set(['server_payloads', 'agents', 'connection_credentials']);

/** More than a person reads; what is not listed is counted by the rest of the finding. */
const rowFindingsAtMost = 200;

/** Compares rows with leaves, leaves with the head, the head with its copy, the log with both; and judges what was written while locked. */
export function compareState(state: StateToCompare): Compared {
  const { store, vault, copy, stored } = state;
  const head = stored && openHead(stored, vault);
  const copied = typeof copy === 'object' ? openHead(copy.head, vault) : undefined;
  // security: rule 8, only the first unlock of a vault has neither: whoever removes both wants to look like it
  const mayBeFirst = stored === undefined && (copy === undefined || copied?.epoch === firstEpoch);
  if (mayBeFirst && !hasRowsOfOurs(store)) return { ...compareUnsigned(state, isNew), epoch: 0 };
  const sinceLock = typeof copy === 'object' && copied !== undefined ? copy.sinceLock : undefined;
  const log = compareLog(store, [head?.audit, copied?.audit, sinceLock], isOlder(head, copied));
  const since = head === undefined || log.length > 0 ? { rows: new Set<string>() } : readChainFrom(store, head.audit);
  const rows = compareRows(state, head, since.rows);
  const findings: Finding[] = [
    ...compareWithCopy(copy, copied, head),
    ...log,
    ...(since.brokenAt === undefined ? [] : [{ kind: 'log_rewritten', atSeq: since.brokenAt } as const]),
    ...rows.findings,
  ];
  return { ...rows, findings, epoch: Math.max(head?.epoch ?? 0, copied?.epoch ?? 0) };
}

/** The copy of the first head is kept before the head itself: a program that ends between the two has a copy and no head. */
export const firstEpoch = 1;

/** Before the first head nothing was authenticated. Data that is older than state heads is asked about once. */
export function hasRowsOfOurs(store: Store): boolean {
  for (const { mac } of actualRows(store)) if (mac !== null) return true;
  return false;
}

function isOlder(head: Head | undefined, copied: Head | undefined): boolean {
  return head !== undefined && copied !== undefined && head.epoch < copied.epoch;
}

function compareWithCopy(copy: Copy | 'damaged' | undefined, copied: Head | undefined, head: Head | undefined): readonly Finding[] {
  if (copy === undefined) return [{ kind: 'copy_missing' }];
  if (copied === undefined) return [{ kind: 'copy_damaged' }];
  if (head === undefined || head.epoch >= copied.epoch) return [];
  return [{ kind: 'older_data', missing: copied.epoch - head.epoch, from: head.at, to: copied.at }];
}

/** Older data has an older log: that is said once. */
function compareLog(store: Store, anchors: readonly (Anchor | undefined)[], older: boolean): readonly Finding[] {
  const newest = newestEntry(store)?.seq ?? 0;
  const wanted = anchors.filter((anchor): anchor is Anchor => anchor !== undefined && anchor.seq > 0);
  const missing = Math.max(0, ...wanted.map(({ seq }) => seq - newest));
  const rewritten = wanted.filter(({ seq, hash }) => seq <= newest && entryHash(store, seq) !== hash).map(({ seq }) => seq);
  return [
    ...(missing > 0 && !older ? [{ kind: 'log_cut', missing } as const] : []),
    ...(rewritten.length > 0 ? [{ kind: 'log_rewritten', atSeq: Math.min(...rewritten) } as const] : []),
  ];
}

/** `changed`: rows that were written or removed while locked, as the log tells. */
function compareRows(state: StateToCompare, head: Head | undefined, changed: ReadonlySet<string>): Omit<Compared, 'epoch'> {
  const { store, leaves } = state;
  // security: rule 8, leaves that the head does not vouch for say nothing about the rows, nor what was signed last
  if (head === undefined || leaves.root() !== head.root) {
    return { ...compareUnsigned(state, () => 'unsure'), findings: [{ kind: 'head_damaged' }] };
  }
  const findings: Finding[] = [];
  const seen = new Set<string>();
  for (const { key, mac } of actualRows(store)) {
    seen.add(key);
    if (mac === null) continue;
    const leaf = leaves.get(key);
    if (leaf === undefined) findings.push(findingOf('row_returned', key));
    // security: rule 8, a revocation while locked cannot be signed; the row from before it would have the MAC that its leaf names
    else if (Buffer.compare(leaf, mac) !== 0 || changed.has(rowOf(key).join(' '))) findings.push(findingOf('row_put_back', key));
  }
  for (const key of leaves.keys()) {
    if (!seen.has(key) && !lossIsHarmless.has(rowOf(key)[0])) findings.push(findingOf('row_vanished', key));
  }
  const unsigned = compareUnsigned(state, (row) => standingOf(row, leaves.get(row.key)));
  return { ...unsigned, findings: [...findings, ...unsigned.findings].slice(0, rowFindingsAtMost) };
}

/**
 * What a row without MAC is by its leaf. `new`: never signed. `changed`: what stands beside it is what was signed last. `refused`: an
 * earlier unlock did not take it over. `unsure`: nobody can tell what it was, or it shall look as if it had been signed.
 */
type Standing = 'new' | 'changed' | 'refused' | 'unsure';

const isNew = ({ signedMac }: ActualRow): Standing => (signedMac === null ? 'new' : 'unsure');

function standingOf(row: ActualRow, leaf: Uint8Array | undefined): Standing {
  if (leaf === undefined) return isNew(row);
  if (Buffer.compare(leaf, refusedLeaf) === 0) return 'refused';
  return row.signedMac !== null && Buffer.compare(leaf, row.signedMac) === 0 ? 'changed' : 'unsure';
}

/** Rows that were written while locked are taken over by their table's rule. One that had its MAC and is not taken over was changed outside. */
function compareUnsigned(state: StateToCompare, standingOfRow: (row: ActualRow) => Standing): Omit<Compared, 'epoch'> {
  const findings: Finding[] = [];
  const adoptions: Statement[] = [];
  const refused: string[] = [];
  for (const row of [...actualRows(state.store)].filter(({ mac }) => mac === null)) {
    const standing = standingOfRow(row);
    // security: rule 8
    const adoption = standing === 'new' || standing === 'changed' ? state.sign(...rowOf(row.key)) : undefined;
    if (adoption !== undefined) adoptions.push(adoption);
    else refused.push(row.key);
    if (standing === 'unsure' || (standing === 'changed' && adoption === undefined))
      findings.push(findingOf('row_put_back', row.key));
  }
  return { findings, adoptions, refused };
}

function findingOf(kind: 'row_put_back' | 'row_returned' | 'row_vanished', key: string): Finding {
  const [table, id] = rowOf(key);
  return { kind, table, id };
}
