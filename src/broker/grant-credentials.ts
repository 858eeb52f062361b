import type { Audit } from '../audit/audit.ts';
import type { Clock } from '../base/clock.ts';
import { Refusal } from '../base/errors.ts';
import { type GrantId, hashOf } from '../base/ids.ts';
import type { Secret } from '../base/secret.ts';
import type { Connections, CredentialFacts, ExchangedCredential, Resource } from '../connections/connections.ts';
import type { Grant, Grants } from '../grants/grants.ts';
import type { Vault } from '../vault/vault.ts';
import type { BrokerKeys } from './broker-keys.ts';
import { findExcess } from './judge-credential.ts';
import { type BrokerKey, signActorToken, signProof } from './sign-jwt.ts';
import type { UpstreamTokens } from './upstream-tokens.ts';

interface GrantCredentialsDeps {
  readonly audit: Audit;
  readonly clock: Clock;
  readonly vault: Vault;
  readonly connections: Connections;
  readonly grants: Grants;
  readonly keys: BrokerKeys;
  readonly tokens: UpstreamTokens;
}

/** A token that may be used for one grant, with the key that it is bound to. */
export interface GrantCredential {
  readonly token: Secret;
  readonly key: BrokerKey;
  readonly expiresAt: number;
}

/** A token is not used in its last seconds: it could end on the way. */
const marginMs = 30_000;

/** Tokens by grant: exchanged once, judged, sealed, and used until shortly before they end. */
export class GrantCredentials {
  readonly #deps: GrantCredentialsDeps;
  readonly #ready = new Map<GrantId, GrantCredential>();
  readonly #flights = new Map<GrantId, Promise<GrantCredential>>();
  /** Given by a provider while the vault was being locked: kept for revocation as soon as it can be sealed. */
  readonly #unsaved: Judged[] = [];

  constructor(deps: GrantCredentialsDeps) {
    this.#deps = deps;
    deps.vault.onLock(() => {
      for (const id of [...this.#ready.keys()]) this.forget(id);
    });
    deps.vault.onUnlock(() => this.#saveLate());
  }

  /** Refuses `upstream_wider`, `upstream_refused`, `vault_locked`, and as `connections` and the grant refuse. */
  async get(grant: Grant, resource: Resource): Promise<GrantCredential> {
    const ready = this.#ready.get(grant.id);
    if (ready && this.#isFresh(ready.expiresAt)) return ready;
    const running = this.#flights.get(grant.id);
    if (running) return running;
    const flight = this.#load(grant, resource).finally(() => this.#flights.delete(grant.id));
    this.#flights.set(grant.id, flight);
    return flight;
  }

  forget(id: GrantId): void {
    this.#ready.get(id)?.token.destroy();
    this.#ready.delete(id);
  }

  async #load(grant: Grant, resource: Resource): Promise<GrantCredential> {
    const key = await this.#deps.keys.get(grant);
    const credential = this.#findKept(grant, key) ?? (await this.#exchange(grant, resource, key));
    // The grant may have ended, or the vault been locked, while the provider was answering.
    this.#assertStillLive(grant);
    if (this.#deps.vault.state() !== 'unlocked') throw new Refusal('vault_locked', 'The vault is locked.');
    this.#ready.set(grant.id, credential);
    return credential;
  }

  /** A token from before a restart, if it is bound to the key that we hold. */
  #findKept(grant: Grant, key: BrokerKey): GrantCredential | undefined {
    const rows = this.#deps.tokens.ofGrant(grant.id);
    const row = rows.find(({ value }) => value.state === 'live' && value.jkt === key.jkt && this.#isFresh(value.expiresAt));
    return row && { token: this.#deps.tokens.open(row), key, expiresAt: row.value.expiresAt };
  }

  async #exchange(grant: Grant, resource: Resource, key: BrokerKey): Promise<GrantCredential> {
    const { clock, connections } = this.#deps;
    const { connectionId, agentId } = grant;
    const credential = await connections.exchange({
      connectionId,
      resource,
      scopes: grant.scopes,
      details: grant.details,
      actorToken: signActorToken(key, clock, { ...connections.actorAudience(connectionId), agentId }),
      proof: ({ method, url, nonce }) =>
        signProof(key, clock, { method, url: new URL(url), ...(nonce !== undefined && { nonce }) }),
    });
    try {
      const facts = await connections.introspect(connectionId, credential.accessToken);
      this.#judge({ grant, resource, credential, facts, key });
    } catch (error) {
      // security: rule 9, whatever went wrong, it is queued for revocation and never used
      this.#keepOrRemember({ grant, credential, key }, 'revoking');
      throw error;
    }
    this.#keepOrRemember({ grant, credential, key }, 'live');
    return { token: credential.accessToken, key, expiresAt: credential.expiresAt };
  }

  #assertStillLive(grant: Grant): void {
    try {
      this.#deps.grants.getLive(grant.id);
    } catch (error) {
      this.#deps.tokens.queue(this.#deps.tokens.ofGrant(grant.id).filter(({ value }) => value.state === 'live'));
      throw error;
    }
  }

  #judge({ grant, resource, credential, facts, key }: Judgement): void {
    const excess = facts ? findExcess(credential, facts, { grant, resource, jkt: key.jkt }) : 'no introspection';
    if (excess === undefined) return;
    this.#deps.audit.record({ ...subjectOf(grant), event: 'upstream.refused', outcome: 'error', reason: excess });
    throw facts
      ? new Refusal('upstream_wider', 'The provider gave more, or other, than was asked. It was not used.', { detail: excess })
      : new Refusal('upstream_refused', 'The provider does not let us check its token. It was not used.', { detail: excess });
  }

  /** A token that nobody remembers would live at the provider until its time is over. */
  #keepOrRemember(judged: Judged, state: 'live' | 'revoking'): void {
    if (this.#deps.vault.state() !== 'unlocked') {
      this.#unsaved.push(judged);
      throw new Refusal('vault_locked', 'The vault is locked.');
    }
    this.#keep(judged, state);
  }

  #saveLate(): void {
    for (const judged of this.#unsaved.splice(0)) {
      this.#keep(judged, 'revoking');
      judged.credential.accessToken.destroy();
    }
  }

  #keep({ grant, credential, key }: Judged, state: 'live' | 'revoking'): void {
    const { id: grantId, connectionId, agentId } = grant;
    const { expiresAt, accessToken } = credential;
    const exchanged = {
      ...subjectOf(grant),
      event: 'upstream.exchanged',
      outcome: 'ok',
      hashes: { token: accessToken.openText(hashOf) },
    } as const;
    this.#deps.tokens.keep({ grantId, connectionId, agentId, expiresAt, jkt: key.jkt, state }, accessToken, [exchanged]);
  }

  #isFresh(expiresAt: number): boolean {
    return this.#deps.clock.now() < expiresAt - marginMs;
  }
}

interface Judgement {
  readonly grant: Grant;
  readonly resource: Resource;
  readonly credential: ExchangedCredential;
  readonly facts: CredentialFacts | undefined;
  readonly key: BrokerKey;
}

type Judged = Pick<Judgement, 'grant' | 'credential' | 'key'>;

function subjectOf({ id: grantId, agentId, connectionId, resourceId }: Grant) {
  return { grantId, agentId, connectionId, resourceId };
}
