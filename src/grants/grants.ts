/**
 * What was allowed.
 *
 * A *grant* is authority that an approval created: agent, resource, granted details and scopes, limits, expiry,
 * state. A token names exactly one grant, and what is allowed is read from the grant row, never from the token.
 * A grant only ever gets narrower; it ends once and stays ended.
 *
 * A *use* is one forwarded call. It is reserved durably before the first upstream byte and given back only when
 * none was sent (security rule 28).
 */

import type { Audit, AuditEvent } from '../audit/audit.ts';
import type { Changes } from '../base/changes.ts';
import type { Clock } from '../base/clock.ts';
import type { AgentId, ApprovalId, ConnectionId, GrantId, ReceiptId, ResourceId } from '../base/ids.ts';
import type { Detail, Risk, SentencePart } from '../details/details.ts';
import type { Gaps } from '../state-head/state-head.ts';
import type { Change, Store } from '../store/store.ts';
import type { Vault } from '../vault/vault.ts';

export { createGrants } from './create-grants.ts';

export type GrantEnd = 'revoked' | 'expired' | 'used_up';

/** What the system reported when the grant was approved (security rule 14): compared later, never a permission. */
export interface GrantEvidence {
  readonly executable?: string;
  readonly device?: string;
  readonly inode?: string;
  /** Absent when the system said nothing about the program. */
  readonly rootPid?: number;
  readonly rootStartTime?: string;
  readonly namespaces?: string;
  /** True when other processes held the connection as well. */
  readonly shared?: boolean;
  /** True when no card showed it: the first program that redeemed the grant. */
  readonly unshown?: boolean;
}

export interface Grant {
  readonly id: GrantId;
  readonly agentId: AgentId;
  readonly connectionId: ConnectionId;
  readonly resourceId: ResourceId;
  readonly approvalId: ApprovalId;
  readonly receiptId: ReceiptId;
  readonly details: readonly Detail[];
  /** OAuth scopes at the resource. */
  readonly scopes: readonly string[];
  readonly risk: Risk;
  readonly sentence: readonly SentencePart[];
  /** Thumbprint of the agent's DPoP key; tokens and refresh are bound to it. */
  readonly agentJkt?: string;
  readonly createdAt: number;
  /** Absolute end. */
  readonly expiresAt: number;
  /** `undefined`: any number until it expires. */
  readonly usesAllowed?: number;
  readonly usesReserved: number;
  readonly lastUsedAt?: number;
  /** Until when a token of this grant may be accepted that its resource verifies without asking us: nobody can stop it. */
  readonly unstoppableUntil?: number;
  readonly endedAt?: number;
  readonly endedBy?: GrantEnd;
  readonly evidence: GrantEvidence;
}

export interface GrantsDeps {
  readonly store: Store;
  readonly vault: Vault;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly changes: Changes;
  /** While a gap is open no grant is in force (security rule 8). */
  readonly gaps: Pick<Gaps, 'assertNone'>;
}

export interface Grants {
  /** The step that creates a grant, to be committed with the approval that allows it. */
  createStep(grant: Omit<Grant, 'usesReserved' | 'createdAt'>): { readonly change: Change; readonly events: readonly AuditEvent[] };
  find(id: GrantId): Grant | undefined;
  /** A grant in force. Refuses `grant_revoked`, `grant_expired`, `grant_used_up`, `not_found`, `state_gap`. */
  getLive(id: GrantId): Grant;
  isLive(grant: Grant): boolean;
  list(filter?: { readonly agentId?: AgentId; readonly connectionId?: ConnectionId; readonly live?: boolean }): readonly Grant[];
  /**
   * Pins the agent's DPoP key to the grant, once.
   * Refuses `key_mismatch` when another key is pinned.
   */
  pinKey(id: GrantId, jkt: string): Grant;
  /**
   * The step that goes with a token which its resource verifies without asking us, to be committed with the token. We see no use of it,
   * so where uses are limited the token is one. Refuses as {@link Grants.getLive} does.
   */
  signedTokenStep(id: GrantId, until: number): { readonly change: Change; readonly events: readonly AuditEvent[] };
  /** Gives evidence to a grant in force that has none: what the first program that redeemed it showed. Never replaces any. */
  keepEvidence(id: GrantId, evidence: GrantEvidence): void;
  /**
   * Takes one use before this returns, with `events` in the same transaction. A counted use is on the disk; one of any number
   * survives the end of the program, which is all that an unlimited grant needs.
   * Of any number of racing calls exactly `usesAllowed` succeed; the rest refuse `grant_used_up`.
   */
  reserveUse(id: GrantId, events: readonly AuditEvent[]): Grant;
  /** Gives a use back. Only when no byte was sent upstream. */
  returnUse(id: GrantId, events: readonly AuditEvent[]): void;
  /** Ends it, on disk before this returns. `false` when it had ended already. Never widens anything. */
  end(id: GrantId, by: GrantEnd): boolean;
  /** Ends every grant whose time is over, and tells of each. */
  endExpired(): readonly GrantId[];
}
