import type { Store } from '../store/store.ts';
import { type Anchor, type Head, openHead, type SignedHead } from './head.ts';
import type { Copy } from './keychain-copy.ts';
import { type Leaves, rowOf } from './leaves.ts';
import { actualRows, entryHash, newestEntry } from './read-state.ts';
import type { Finding, StateHeadDeps } from './state-head.ts';

export interface StateToCompare {
  readonly store: Store;
  readonly vault: Pick<StateHeadDeps['vault'], 'rowMac'>;
  readonly copy: Copy | 'damaged' | undefined;
  readonly stored: SignedHead | undefined;
  readonly leaves: Leaves;
}

/**
 * Tables whose rows are also removed while the vault is locked, when no head can be written. A row of these only ever gives
 * authority, so that its absence gives none; replay entries of an earlier run are covered by the nonces of this one.
 */
const lossIsHarmless: ReadonlySet<string> = new Set(['server_payloads', 'agents', 'connection_credentials']);

/** More than a person reads; what is not listed is counted by the rest of the finding. */
const rowFindingsAtMost = 200;

/** Compares rows with leaves, leaves with the head, the head with its copy, the log with both. `epoch`: the highest one known. */
export function compareState(state: StateToCompare): { readonly findings: readonly Finding[]; readonly epoch: number } {
  const { store, vault, copy, stored } = state;
  // security: rule 8, only the first unlock of a vault has neither: whoever removes both wants to look like it
  if (stored === undefined && copy === undefined && !hasRowsOfOurs(store)) return { findings: [], epoch: 0 };
  const head = stored && openHead(stored, vault);
  const copied = typeof copy === 'object' ? openHead(copy.head, vault) : undefined;
  const sinceLock = typeof copy === 'object' && copied !== undefined ? copy.sinceLock : undefined;
  const epoch = Math.max(head?.epoch ?? 0, copied?.epoch ?? 0);
  const findings: Finding[] = [
    ...compareWithCopy(copy, copied, head),
    ...compareLog(store, [head?.audit, copied?.audit, sinceLock], isOlder(head, copied)),
    ...compareRows(state, head),
  ];
  return { findings, epoch };
}

/** Before the first head nothing was authenticated. Data that is older than state heads is asked about once. */
function hasRowsOfOurs(store: Store): boolean {
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

function compareRows({ store, leaves }: StateToCompare, head: Head | undefined): readonly Finding[] {
  // security: rule 8, leaves that the head does not vouch for say nothing about the rows
  if (head === undefined || leaves.root() !== head.root) return [{ kind: 'head_damaged' }];
  const findings: Finding[] = [];
  const seen = new Set<string>();
  for (const { key, mac } of actualRows(store)) {
    seen.add(key);
    const [table, id] = rowOf(key);
    const leaf = leaves.get(key);
    // Written while locked: the table's own rule decides whether it is taken over.
    if (mac === null) continue;
    if (leaf === undefined) findings.push({ kind: 'row_returned', table, id });
    else if (Buffer.compare(leaf, mac) !== 0) findings.push({ kind: 'row_put_back', table, id });
  }
  for (const key of leaves.keys()) {
    const [table, id] = rowOf(key);
    if (!seen.has(key) && !lossIsHarmless.has(table)) findings.push({ kind: 'row_vanished', table, id });
  }
  return findings.slice(0, rowFindingsAtMost);
}
