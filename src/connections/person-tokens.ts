import { refreshTokenGrant, type TokenEndpointResponse } from 'openid-client';
import { isRefusal, Refusal } from '../base/errors.ts';
import type { ConnectionId } from '../base/ids.ts';
import { Secret } from '../base/secret.ts';
import { importConnectionKey, proofsBy } from './connection-key.ts';
import type { Connection, ConnectionsDeps } from './connections.ts';
import type { ConnectionTables } from './connections-table.ts';
import { type CredentialShelf, type Credentials, credentialsFrom, isDue } from './credentials.ts';
import type { ProviderClient } from './discover.ts';
import { oauthErrorOf, refusalOf } from './upstream-errors.ts';

interface PersonTokensDeps extends Pick<ConnectionsDeps, 'audit' | 'changes' | 'clock' | 'vault'> {
  readonly tables: ConnectionTables;
  readonly shelf: CredentialShelf;
  readonly provider: (id: ConnectionId) => Promise<ProviderClient>;
  /** Ends a session that is not kept here. */
  readonly revoke: (id: ConnectionId, refreshToken: Secret) => Promise<void>;
}

/** Credentials, and the stamp of those that were on disk when they were asked for. */
interface Held {
  readonly credentials: Credentials;
  readonly stamp: string | undefined;
}

interface Flight {
  readonly stamp: string | undefined;
  readonly answer: Promise<Credentials>;
}

/** The person's access tokens, refreshed before they end, one refresh at a time. */
export class PersonTokens {
  readonly #deps: PersonTokensDeps;
  readonly #flights = new Map<ConnectionId, Flight>();
  readonly #doubted = new Set<ConnectionId>();
  /** Refreshed while the vault was being locked: the old refresh token is spent, so losing these would end the session. */
  readonly #unsaved = new Map<ConnectionId, Held>();

  constructor(deps: PersonTokensDeps) {
    this.#deps = deps;
    deps.vault.onUnlock(() => this.#saveLate());
  }

  /** Refuses `connection_signed_out`, `vault_locked`, `upstream_unreachable`, `upstream_slow`, `upstream_refused`. */
  async current(id: ConnectionId): Promise<string> {
    const credentials = this.#read(id);
    const doubted = this.#doubted.has(id);
    const now = this.#deps.clock.now();
    if (!doubted && !isDue(credentials, now)) return credentials.accessToken;
    try {
      return (await this.#refreshOnce(id, credentials)).accessToken;
    } catch (error) {
      const stillGood = !doubted && now < credentials.expiresAt;
      if (stillGood && isRefusal(error, 'upstream_unreachable', 'upstream_slow')) return credentials.accessToken;
      throw error;
    }
  }

  /** The provider did not take the token: the next use refreshes first. */
  doubt(id: ConnectionId): void {
    this.#doubted.add(id);
  }

  #read(id: ConnectionId): Credentials {
    if (this.#deps.vault.state() !== 'unlocked') throw new Refusal('vault_locked', 'The vault is locked.');
    const row = this.#deps.tables.connections.find(id);
    if (!row) throw new Refusal('not_found', 'There is no such connection.');
    const credentials = row.value.state === 'signed_in' ? this.#deps.shelf.find(id) : undefined;
    if (!credentials) throw signedOut();
    return credentials;
  }

  #refreshOnce(id: ConnectionId, credentials: Credentials): Promise<Credentials> {
    const stamp = this.#deps.shelf.stamp(id);
    const running = this.#flights.get(id);
    if (running && running.stamp === stamp) return running.answer;
    const answer = this.#refresh(id, { credentials, stamp }).finally(() => {
      if (this.#flights.get(id)?.stamp === stamp) this.#flights.delete(id);
    });
    this.#flights.set(id, { stamp, answer });
    return answer;
  }

  async #refresh(id: ConnectionId, { credentials: before, stamp }: Held): Promise<Credentials> {
    if (before.refreshToken === undefined) return this.#endSession(id, stamp, 'no refresh token');
    const config = (await this.#deps.provider(id))();
    const proofs = proofsBy(config, await importConnectionKey(before.key));
    const resources = this.#deps.tables.resources.list('connection_id = ?', id).map(({ value }) => value.indicator);
    const parameters = new URLSearchParams(resources.map((indicator) => ['resource', indicator]));
    const answer = await refreshTokenGrant(config, before.refreshToken, parameters, { DPoP: proofs }).catch((error: unknown) => {
      if (oauthErrorOf(error) === 'invalid_grant') return undefined;
      throw refusalOf(error);
    });
    if (answer === undefined) return this.#endSession(id, stamp, 'invalid_grant');
    const credentials = await this.#credentialsFrom(id, answer, before);
    // security: the old refresh token is spent by now; the new one is on disk before anybody uses what came with it
    if (!this.#save(id, { credentials, stamp })) {
      await this.#drop(id, credentials);
      return this.#read(id);
    }
    this.#doubted.delete(id);
    return credentials;
  }

  /** An answer that is refused is not left lying at the provider: what it would renew is revoked. */
  async #credentialsFrom(id: ConnectionId, answer: TokenEndpointResponse, before: Credentials): Promise<Credentials> {
    try {
      return credentialsFrom(answer, before, this.#deps.clock);
    } catch (error) {
      if (answer.refresh_token !== undefined) await this.#deps.revoke(id, Secret.fromText(answer.refresh_token));
      throw error;
    }
  }

  /** False, and nothing is done, when the person has signed out or in since. */
  #save(id: ConnectionId, held: Held): boolean {
    if (this.#deps.vault.state() !== 'unlocked') {
      this.#unsaved.set(id, held);
      throw new Refusal('vault_locked', 'The vault is locked.');
    }
    if (!this.#isSame(id, held.stamp)) return false;
    this.#deps.audit.commit(
      [this.#deps.shelf.keep(id, held.credentials)],
      [{ event: 'connection.refreshed', connectionId: id, outcome: 'ok' }],
    );
    return true;
  }

  #saveLate(): void {
    for (const [id, held] of this.#unsaved) {
      this.#unsaved.delete(id);
      if (!this.#save(id, held)) void this.#drop(id, held.credentials);
    }
  }

  async #drop(id: ConnectionId, { refreshToken }: Credentials): Promise<void> {
    if (refreshToken !== undefined) await this.#deps.revoke(id, Secret.fromText(refreshToken));
  }

  /** security: an answer changes only the session that it was asked for, never the one after it. */
  #isSame(id: ConnectionId, stamp: string | undefined): boolean {
    return this.#deps.tables.connections.find(id)?.value.state === 'signed_in' && this.#deps.shelf.stamp(id) === stamp;
  }

  /** The provider has ended the session: the credentials go, and the person must sign in again, unless that was done since. */
  #endSession(id: ConnectionId, stamp: string | undefined, reason: string): Credentials {
    const row = this.#deps.tables.connections.find(id);
    if (!row || !this.#isSame(id, stamp)) return this.#read(id);
    const ended: Omit<Connection, 'state'> & { state: 'needs_sign_in' } = { ...row.value, state: 'needs_sign_in' };
    this.#deps.audit.commit(
      [this.#deps.tables.connections.update(row, ended), ...this.#deps.shelf.forget(id)],
      [{ event: 'connection.signed_out', connectionId: id, outcome: 'error', reason }],
    );
    this.#deps.changes.publish({ topic: 'connections', id });
    throw signedOut();
  }
}

function signedOut(): Refusal {
  return new Refusal('connection_signed_out', 'The person must sign in at the provider first.', {
    hint: 'Wait until the person has signed in, then try again.',
  });
}
