/**
 * Turns a grant into an upstream token or a forwarded call, and ends it.
 *
 * The *broker key* is a DPoP key pair held for one agent at one connection, private half in the OS keychain. The upstream
 * token comes from a token exchange (RFC 8693): subject is the person's token, actor a JWT signed with the broker key; it
 * is bound to that key and judged before use: never wider than the grant, bound to our key, for the right audience. It is
 * sealed in the database so that it can still be revoked after a restart.
 *
 * Ending comes first: the grant is over and streams are cut before anything upstream is tried; upstream revocation is
 * queued durably and retried until the server says yes; the key goes with the agent's last grant at the connection.
 */

import type { Agents } from '../agents/agents.ts';
import type { Audit } from '../audit/audit.ts';
import type { Changes } from '../base/changes.ts';
import type { Clock } from '../base/clock.ts';
import type { ConnectionId, GrantId, ResourceId } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { Connections } from '../connections/connections.ts';
import type { CallFacts } from '../details/details.ts';
import type { Grant, GrantEnd, Grants } from '../grants/grants.ts';
import type { Store } from '../store/store.ts';
import type { Vault } from '../vault/vault.ts';

export { createBroker } from './create-broker.ts';

export interface BrokerDeps {
  readonly store: Store;
  readonly vault: Vault;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly changes: Changes;
  readonly log: Log;
  readonly agents: Agents;
  readonly connections: Connections;
  readonly grants: Grants;
}

/** A call that may go out now. Its use is taken; finish it exactly once. */
export interface AuthorizedCall {
  readonly grant: Grant;
  /** Absolute, inside the resource's base URL. */
  readonly url: URL;
  /** `Authorization` and `DPoP` for this attempt; call again with the nonce after `use_dpop_nonce`. */
  credentials(nonce?: string): { readonly authorization: string; readonly dpop: string };
  /** The newest nonce that this upstream gave, kept per origin. */
  rememberNonce(nonce: string): void;
  /** Aborts when the grant ends while the call is in flight. */
  readonly signal: AbortSignal;
  /** `notSent` gives the use back. */
  finish(outcome: { readonly status: number } | { readonly notSent: string } | { readonly failed: string }): void;
}

export type UpstreamEnd = 'none' | 'pending' | 'confirmed' | 'failed';

export interface Broker {
  /**
   * Checks a call against the grant, takes a use and makes the credential ready.
   * Refuses `call_not_covered` (with `required_details`), `resource_unknown`, the grant's and the agent's refusals,
   * `vault_locked`, `connection_signed_out`, `upstream_wider`, `upstream_unreachable`, `upstream_slow`, `upstream_refused`.
   */
  authorizeCall(grantId: GrantId, resourceId: ResourceId, call: CallFacts): Promise<AuthorizedCall>;
  /** Ends a grant: at once here, then upstream. Returns when the local part is on disk. */
  revoke(id: GrantId, by?: GrantEnd): void;
  /** Ends all grants of the agent, connection, or everything. */
  revokeAll(filter: { readonly agentId?: string; readonly connectionId?: ConnectionId }): readonly GrantId[];
  /** What the provider said about the end of this grant's token. */
  upstreamEnd(id: GrantId): UpstreamEnd;
  /** Works off the revocation queue; runs at unlock and by itself with growing pauses. Resolves when nothing is due. */
  settle(): Promise<void>;
  stop(): Promise<void>;
}
