/**
 * Door: OAuth for agents. oidc-provider, wrapped: discovery, dynamic registration, CIBA with held polls, pings, signed and
 * rich authorization requests, DPoP, `private_key_jwt`, refresh, introspection, revocation. Its storage is ours, its
 * decisions are the core's: a registration is an agent, a backchannel request is an approval, a provider Grant is a
 * grant row and has its id.
 *
 * `backchannel-request.ts` lists the steps of a request in order, `token-endpoint.ts` those of a poll. `wire-errors.ts` speaks the table of refusals (`gate/refusal-table.ts`) as OAuth does.
 * `authenticate-call.ts` is what `/proxy` uses to know whose call it is.
 *
 * Must never: decide, show a card, issue anything while locked, or keep a token in clear.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Agents } from '../agents/agents.ts';
import type { Approvals } from '../approvals/approvals.ts';
import type { Audit } from '../audit/audit.ts';
import type { Changes } from '../base/changes.ts';
import type { Clock } from '../base/clock.ts';
import type { AgentId, GrantId } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { Broker } from '../broker/broker.ts';
import type { Connections } from '../connections/connections.ts';
import type { Grants } from '../grants/grants.ts';
import type { ProcessIdentity } from '../platform/process-identity.ts';
import type { Store } from '../store/store.ts';
import type { Vault } from '../vault/vault.ts';
import type { Quotas } from './quota-windows.ts';

export { createAuthServer } from './create-authserver.ts';
export type { Quotas } from './quota-windows.ts';

export interface AuthServerDeps {
  readonly store: Store;
  readonly vault: Vault;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly changes: Changes;
  readonly log: Log;
  readonly processes: ProcessIdentity;
  readonly agents: Agents;
  readonly connections: Connections;
  readonly grants: Grants;
  readonly approvals: Approvals;
  readonly broker: Broker;
  /** For example `http://127.0.0.1:7417`; known after binding. */
  readonly issuer: string;
  /** Instead of those of `base/limits.ts`; for tests, which do not send thousands of requests. */
  readonly quotas?: Quotas;
}

/** Whose call this is: a live token of ours, bound to the key that signed the proof for exactly this request. */
export interface CallIdentity {
  readonly agentId: AgentId;
  readonly grantId: GrantId;
  /** `RateLimit-Policy` and `RateLimit` for the answer. */
  readonly quotaFields: Readonly<Record<string, string>>;
}

export interface AuthServer {
  /** Answers any path that is not another door's. */
  handle(request: IncomingMessage, response: ServerResponse): void;
  /**
   * Verifies `Authorization: DPoP` and the proof (RFC 9449, 4.3 and 7) for `url`, a URL of ours without query.
   * Refuses `token_missing`, `token_invalid`, `proof_required`, `proof_invalid`, `proof_replayed`, `nonce_required`,
   * `vault_locked`, `rate_limited`, and the agent's and the grant's refusals.
   */
  authenticateCall(request: IncomingMessage, url: string): Promise<CallIdentity>;
  /** Answers a challenge that came over the person's socket (security rule 29). Refuses as `prove-server.ts` does. */
  prove(challenge: string): string;
  /** A fresh nonce for `DPoP-Nonce` (security rule 18): good for this run of the program only. */
  nonce(): string;
  /** Ends: a poll that waits and whoever comes from now on is answered `stopping`. Resolves when the polls have their answers. */
  stop(): Promise<void>;
  /** Drops what has expired. */
  sweep(): void;
}
