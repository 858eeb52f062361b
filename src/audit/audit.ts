/**
 * What happened: append-only, one chain.
 *
 * `hash(n) = SHA-256(hash(n-1) ‖ JCS(entry n))`. An event is written in the same transaction as the change it
 * tells of: `audit.commit(change, events)` is how every folder changes anything, so there is no change without
 * its event. An intent is written before an action that leaves the process, its outcome after.
 *
 * Never recorded: tokens, secrets, keys, raw arguments, the agent's own prose. Hashes and ids instead.
 * @see shared terms: section "Words" of `src/README.md`
 */
import type { Changes } from '../base/changes.ts';
import type { Clock } from '../base/clock.ts';
import type { Change, Durability, Store } from '../store/store.ts';

export { boundedAudit } from './bounded-audit.ts';
export { createAudit } from './create-audit.ts';
export { readChainFrom } from './verify-chain.ts';

export const auditEventNames = [
  'vault.created',
  'vault.unlocked',
  'vault.unlock_failed',
  'vault.recovered',
  'passphrase.changed',
  'recovery_code.made',
  'recovery_code.tested',
  'vault.locked',
  'agent.registered',
  'agent.accepted',
  'agent.suspended',
  'agent.resumed',
  'agent.removed',
  'agent.refused',
  'agents.paused',
  'agents.resumed',
  'approval.requested',
  'approval.shown',
  'approval.granted',
  'approval.denied',
  'approval.expired',
  'approval.cancelled',
  'grant.created',
  'grant.expired',
  'grant.used_up',
  'grant.revoked',
  'token.issued',
  'token.refreshed',
  'token.revoked',
  'token.reuse_detected',
  'ping.sent',
  'ping.failed',
  'proof.replayed',
  'call.forwarded',
  'call.answered',
  'call.refused',
  'connection.added',
  'connection.signed_in',
  'connection.refreshed',
  'connection.signed_out',
  'connection.removed',
  'resource.added',
  'resource.removed',
  'token.introspected',
  'upstream.exchanged',
  'upstream.revoked',
  'upstream.revoke_failed',
  'upstream.refused',
  'broker_key.created',
  'broker_key.destroyed',
  'settings.changed',
  'presence.refused',
  'clock.set_back',
  'row.tampered',
  'state.gap_found',
  'state.gap_answered',
  'audit.verified',
] as const;

export type AuditEventName = (typeof auditEventNames)[number];

/** What an event is about. Everything optional but the name; ids and hashes only. */
export interface AuditEvent {
  readonly event: AuditEventName;
  readonly agentId?: string;
  readonly approvalId?: string;
  readonly grantId?: string;
  readonly connectionId?: string;
  readonly resourceId?: string;
  /** Who decided: the person, a policy, or nobody. */
  readonly approver?: 'user' | 'policy' | 'none';
  readonly outcome?: 'ok' | 'denied' | 'error' | 'expired';
  /** A refusal code, or a short reason of ours. */
  readonly reason?: string;
  /** Digests and token hashes, by name. */
  readonly hashes?: Readonly<Record<string, string>>;
  /** Small plain facts: counts, methods, statuses, a short path without its query. */
  readonly facts?: Readonly<Record<string, string | number | boolean>>;
}

export interface AuditEntry extends AuditEvent {
  /** 1, 2, 3 … without a gap. */
  readonly seq: number;
  /** RFC 3339, UTC, milliseconds. */
  readonly ts: string;
  /** Lower-case hex. */
  readonly hash: string;
  readonly previousHash: string;
}

export interface AuditQuery {
  /** Entries with a smaller `seq`, newest first. */
  readonly before?: number;
  /** 1-200. Default 50. */
  readonly limit?: number;
  /** Matches event names, ids and reasons. */
  readonly search?: string;
  readonly grantId?: string;
  readonly agentId?: string;
}

export interface AuditVerification {
  readonly intact: boolean;
  readonly count: number;
  /** Hash of the newest entry, hex. */
  readonly head: string;
  /** First `seq` that does not fit. */
  readonly brokenAt?: number;
}

export interface Audit {
  /**
   * Commits `change` together with its events, as one transaction. Refuses `conflict` as the store does; then
   * neither happened.
   */
  commit(change: Change, events: readonly AuditEvent[], durability?: Durability): void;
  /** Commits events alone. */
  record(...events: readonly AuditEvent[]): void;
  list(query: AuditQuery): readonly AuditEntry[];
  /** Reads the whole chain again. */
  verify(): AuditVerification;
}

export interface AuditDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly changes: Changes;
}
