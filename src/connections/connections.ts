/**
 * The person's accounts at providers: discover, sign in, refresh, exchange, revoke.
 *
 * A *connection* is an upstream authorization server where the person has signed in; we are a public client there
 * with PKCE and a DPoP key of our own per connection, sealed in the database. A *resource* is a protected API that
 * a connection covers: a short id for agents, the provider's indicator, and the origin that credentials may go to.
 * Origins are bound by a shipped preset or by the person, never by metadata (security rule 9). A *local resource* is an API
 * or MCP server on this computer that the person added: it belongs to no account, and verifies our tokens itself.
 *
 * Must never: hand a credential to a caller outside `broker`, follow a redirect, or refresh twice at once.
 */

import type { Audit } from '../audit/audit.ts';
import type { Changes } from '../base/changes.ts';
import type { Clock } from '../base/clock.ts';
import type { AgentId, ConnectionId, ResourceId } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { Secret } from '../base/secret.ts';
import type { Terms } from '../details/details.ts';
import type { Browser } from '../platform/browser.ts';
import type { Store } from '../store/store.ts';
import type { Vault } from '../vault/vault.ts';

export { createConnections } from './create-connections.ts';
export { connectionPresets } from './presets.ts';
export { thisComputer } from './this-computer.ts';

export type ConnectionState = 'signed_out' | 'signing_in' | 'signed_in' | 'needs_sign_in';

export interface Connection {
  readonly id: ConnectionId;
  readonly presetId: string;
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly state: ConnectionState;
  /** Account name as the provider reports it, if it does. */
  readonly account?: string;
  readonly addedAt: number;
  readonly signedInAt?: number;
  /** The rung of the ladder in use; 1 is token exchange with actor. */
  readonly rung: 1;
}

/**
 * How a local resource verifies our tokens. `signature`: they are JWTs (RFC 9068) that it checks without asking, so one that was issued
 * cannot be stopped before it ends. `introspection`: they are opaque, and it asks us (RFC 7662) with the key that the person pinned.
 */
export type LocalVerification =
  | { readonly by: 'signature'; readonly addedAt: number }
  | {
      readonly by: 'introspection';
      readonly addedAt: number;
      /** The public members only. */
      readonly jwk: Readonly<Record<string, string>>;
      readonly thumbprint: string;
    };

/** What the person typed about a local resource. Nothing of it is checked. */
export interface NewLocalResource {
  readonly name: string;
  readonly url: string;
  readonly detailTypes: readonly string[];
  readonly scopes: readonly string[];
  /** A public key as JWK text: then the resource introspects. */
  readonly key?: string;
  /** Ours: the address that a local resource cannot have. */
  readonly issuer: string;
}

export interface Resource {
  /** Appears in `/proxy/<id>`. */
  readonly id: ResourceId;
  readonly connectionId: ConnectionId;
  readonly name: string;
  /** Where calls go. The only origin that this resource's credentials are sent to. */
  readonly baseUrl: string;
  /** The provider's resource indicator (RFC 8707). */
  readonly indicator: string;
  readonly detailTypes: readonly string[];
  /** What it does about details of each type; from the preset, never from metadata (security rule 9). */
  readonly terms?: Terms;
  readonly scopes: readonly string[];
  /** Set for a local resource: calls to it do not pass through us. */
  readonly local?: LocalVerification;
}

export interface ConnectionPreset {
  readonly id: string;
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  /** Scopes asked for at sign-in. */
  readonly scopes: readonly string[];
  /** `authorization_details` asked for at sign-in: the most that any agent can be given here later. */
  readonly details?: readonly Readonly<Record<string, unknown>>[];
  readonly resources: readonly Omit<Resource, 'connectionId'>[];
}

/** What to ask of the token endpoint (RFC 8693) for one grant. */
export interface ExchangeRequest {
  readonly connectionId: ConnectionId;
  readonly resource: Resource;
  readonly scopes: readonly string[];
  readonly details: readonly unknown[];
  /** Makes the actor token: a JWT signed with the broker key, naming the agent. */
  readonly actorToken: string;
  /** Signs the proof for the token endpoint with the broker key. Called again when the server wants a nonce. */
  readonly proof: (request: { readonly method: string; readonly url: string; readonly nonce?: string }) => string;
}

/** The token endpoint's answer, checked for form only. `broker` judges whether it is narrow enough. */
export interface ExchangedCredential {
  readonly accessToken: Secret;
  readonly tokenType: string;
  readonly issuedTokenType: string;
  readonly expiresAt: number;
  readonly scope?: string;
  readonly details?: readonly unknown[];
}

/** Introspection (RFC 7662) as far as the broker judges by it. */
export interface CredentialFacts {
  readonly active: boolean;
  readonly aud?: string | readonly string[];
  readonly scope?: string;
  readonly jkt?: string;
  readonly actorSubject?: string;
  readonly details?: readonly unknown[];
  readonly exp?: number;
}

export interface ConnectionsDeps {
  readonly store: Store;
  readonly vault: Vault;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly changes: Changes;
  readonly browser: Browser;
  readonly log: Log;
  /** How long one upstream request may take. Milliseconds. Default 10,000. */
  readonly upstreamTimeoutMs?: number;
  /** Instead of the shipped ones; for tests, whose servers have other ports. */
  readonly presets?: readonly ConnectionPreset[];
}

export interface Connections {
  list(): readonly Connection[];
  /** Refuses `not_found`. */
  get(id: ConnectionId): Connection;
  /** Those of one connection, or all, local ones included. */
  resources(connectionId?: ConnectionId): readonly Resource[];
  findResource(id: ResourceId): Resource | undefined;
  /**
   * Adds a local resource. Raises. Refuses `invalid_input`, `conflict` when its URL was added before, `rate_limited` when there are too
   * many.
   */
  addLocal(resource: NewLocalResource): Resource;
  /** Forgets a local resource; its tokens are refused from then on where it asks us. Refuses `not_found`. */
  removeLocal(id: ResourceId): void;
  /** Adds a connection from a shipped preset, signed out. Idempotent per preset. Raises. */
  add(presetId: string): Connection;
  /**
   * Opens the provider's sign-in page and returns its address at once; the callback comes to a loopback listener on a
   * random port that lives 5 minutes. Single flight per connection. Refuses `upstream_unreachable`, `upstream_slow`.
   */
  beginSignIn(id: ConnectionId): Promise<{ readonly authorizationUrl: string; readonly opened: boolean }>;
  /** Waits for a sign-in that has begun. Refuses `sign_in_failed`. */
  finished(id: ConnectionId): Promise<Connection>;
  /** Revokes upstream and forgets the credentials. */
  signOut(id: ConnectionId): Promise<void>;
  /**
   * Token exchange with the person's token as subject, refreshed first when 70 % of its life is over.
   * Refuses `connection_signed_out`, `upstream_unreachable`, `upstream_slow`, `upstream_refused`, `vault_locked`.
   */
  exchange(request: ExchangeRequest): Promise<ExchangedCredential>;
  /** `undefined` when the server has no introspection. */
  introspect(id: ConnectionId, token: Secret): Promise<CredentialFacts | undefined>;
  /** RFC 7009. Refuses as {@link Connections.exchange} does; success means the server said 200. */
  revoke(id: ConnectionId, token: Secret): Promise<void>;
  /** The client id and issuer that an actor token must name. */
  actorAudience(id: ConnectionId): { readonly clientId: string; readonly issuer: string };
  /** Ends listeners and timers. */
  stop(): Promise<void>;
}

/** The keychain name of the key held for one agent at one connection. */
export function brokerKeyName(connectionId: ConnectionId, agentId: AgentId): string {
  return `broker/${connectionId}/${agentId}`;
}
