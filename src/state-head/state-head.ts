/**
 * Finds data that was put back (security rule 8).
 *
 * A MAC says that a row was ours once, not that it is the newest. So every guarded row has a *leaf*, its MAC, and there is
 * one *head* over all leaves: `{epoch, audit seq and hash, root of the leaves}`, authenticated by the vault and written in the
 * transaction of every change of a guarded row. A *copy* of the head rests in the keychain, where a copy of the data folder
 * does not reach: it is renewed at unlock, at lock, when authority is taken away, and otherwise at most every five seconds.
 *
 * At unlock, before anything else, rows are compared with leaves, leaves with the head, the head with its copy, and the audit
 * log with both. What does not fit is a *gap*: it is recorded, every grant stands still, and the person is asked which of
 * them shall go on. An open gap outlives a restart.
 *
 * A row without MAC was written while the vault was locked, or shall look like it. It is taken over in the commit of the first head
 * after an unlock, by its table's rule, which sees the row as it was signed last; only the state that the leaf names counts as that. A
 * row that had its MAC and is not taken over is a gap, and keeps a leaf that says so.
 *
 * Not found: a database and a keychain that were put back together, and entries at the end of the audit log that are younger
 * than the copy (seconds). While the vault is locked nothing can be authenticated; the copy then names the newest entry of the
 * log in clear, which finds a revocation that was cut off.
 */
import type { Audit } from '../audit/audit.ts';
import type { Changes } from '../base/changes.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Keychain } from '../platform/keychain.ts';
import type { Store } from '../store/store.ts';
import type { Vault } from '../vault/vault.ts';

export { createGaps } from './create-gaps.ts';
export { createStateHead } from './create-state-head.ts';
export { mayHaveOlderRows } from './older-rows.ts';

/** One thing that does not fit. */
export type Finding =
  /** The data is older than the copy: `missing` changes, made after `from` and until `to`, are not in it. */
  | { readonly kind: 'older_data'; readonly missing: number; readonly from: number; readonly to: number }
  /** Entries that were there are gone from the end of the audit log. */
  | { readonly kind: 'log_cut'; readonly missing: number }
  /** The audit log is not the one that was anchored. */
  | { readonly kind: 'log_rewritten'; readonly atSeq: number }
  /** One row is older than it was, came back, or vanished. */
  | { readonly kind: 'row_put_back' | 'row_returned' | 'row_vanished'; readonly table: string; readonly id: string }
  /** The head or its leaves are not ours any more, or missing although the keychain has a copy. */
  | { readonly kind: 'head_damaged' }
  /** The keychain has no copy, or one that is not ours: there is nothing outside the database to compare it with. */
  | { readonly kind: 'copy_missing' | 'copy_damaged' };

export interface StateHeadDeps {
  readonly store: Store;
  readonly vault: Pick<Vault, 'rowMac' | 'state' | 'onLock' | 'installation'>;
  readonly keychain: Keychain;
  readonly clock: Clock;
  readonly log: Log;
}

export interface StateHead {
  /** The store for everyone who keeps guarded rows or audit entries: each commit takes the head along. */
  readonly store: Store;
  /**
   * Compares everything, once after each unlock and before the first commit, and tells what it found, in the order of weight;
   * empty when all fits. What is there is the state from then on. Where something was found `tell` writes it down with a
   * guarded row before it returns: both are one commit, so that nobody can end the program between them.
   * Refuses `vault_locked`, and `keychain_refused` or `keychain_unavailable` when the copy could not be read.
   */
  check(tell: (findings: readonly Finding[]) => void): Promise<void>;
  /** Waits until the keychain has the newest copy. A keychain that refuses is logged, not thrown. */
  settle(): Promise<void>;
}

/** What was found and not answered yet. */
export interface Gap {
  /** When it was found first. */
  readonly foundAt: number;
  readonly findings: readonly Finding[];
}

export interface GapsDeps {
  readonly store: Store;
  readonly vault: Vault;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly changes: Changes;
  readonly stateHead: Pick<StateHead, 'check'>;
}

/** The open question. Asks itself at each unlock: create it before whatever else follows an unlock. */
export interface Gaps {
  /** `undefined` when nothing is asked, and while the vault is locked. */
  open(): Gap | undefined;
  /** Refuses `state_gap` while a gap is open. For everything that would use or widen authority. */
  assertNone(): void;
  /** The person has answered. Refuses `conflict` when no gap is open. */
  close(answer: { readonly kept: number; readonly ended: number; readonly suspended: number }): void;
}
