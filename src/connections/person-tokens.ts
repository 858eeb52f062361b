import { refreshTokenGrant } from 'openid-client';
import { isRefusal, Refusal } from '../base/errors.ts';
import type { ConnectionId } from '../base/ids.ts';
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
}

/** The person's access tokens, refreshed before they end, one refresh at a time. */
export class PersonTokens {
  readonly #deps: PersonTokensDeps;
  readonly #flights = new Map<ConnectionId, Promise<Credentials>>();
  readonly #doubted = new Set<ConnectionId>();
  /** Refreshed while the vault was being locked: the old refresh token is spent, so losing these would end the session. */
  readonly #unsaved = new Map<ConnectionId, Credentials>();

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
    const running = this.#flights.get(id);
    if (running) return running;
    const flight = this.#refresh(id, credentials).finally(() => this.#flights.delete(id));
    this.#flights.set(id, flight);
    return flight;
  }

  async #refresh(id: ConnectionId, before: Credentials): Promise<Credentials> {
    if (before.refreshToken === undefined) throw this.#endSession(id, 'no refresh token');
    const config = (await this.#deps.provider(id))();
    const proofs = proofsBy(config, await importConnectionKey(before.key));
    const resources = this.#deps.tables.resources.list('connection_id = ?', id).map(({ value }) => value.indicator);
    const parameters = new URLSearchParams(resources.map((indicator) => ['resource', indicator]));
    const answer = await refreshTokenGrant(config, before.refreshToken, parameters, { DPoP: proofs }).catch((error: unknown) => {
      if (oauthErrorOf(error) === 'invalid_grant') throw this.#endSession(id, 'invalid_grant');
      throw refusalOf(error);
    });
    const credentials = credentialsFrom(answer, before, this.#deps.clock);
    // security: the old refresh token is spent by now; the new one is on disk before anybody uses what came with it
    this.#save(id, credentials);
    this.#doubted.delete(id);
    return credentials;
  }

  #save(id: ConnectionId, credentials: Credentials): void {
    if (this.#deps.vault.state() !== 'unlocked') {
      this.#unsaved.set(id, credentials);
      throw new Refusal('vault_locked', 'The vault is locked.');
    }
    if (this.#deps.tables.connections.find(id)?.value.state !== 'signed_in') throw signedOut();
    this.#deps.audit.commit(
      [this.#deps.shelf.keep(id, credentials)],
      [{ event: 'connection.refreshed', connectionId: id, outcome: 'ok' }],
    );
  }

  #saveLate(): void {
    for (const [id, credentials] of this.#unsaved) {
      this.#unsaved.delete(id);
      if (this.#deps.tables.connections.find(id)?.value.state === 'signed_in') this.#save(id, credentials);
    }
  }

  /** The provider has ended the session: the credentials go, and the person must sign in again. */
  #endSession(id: ConnectionId, reason: string): Refusal {
    const row = this.#deps.tables.connections.find(id);
    if (row?.value.state === 'signed_in') {
      const ended: Omit<Connection, 'state'> & { state: 'needs_sign_in' } = { ...row.value, state: 'needs_sign_in' };
      this.#deps.audit.commit(
        [this.#deps.tables.connections.update(row, ended), ...this.#deps.shelf.forget(id)],
        [{ event: 'connection.signed_out', connectionId: id, outcome: 'error', reason }],
      );
      this.#deps.changes.publish({ topic: 'connections', id });
    }
    return signedOut();
  }
}

function signedOut(): Refusal {
  return new Refusal('connection_signed_out', 'The person must sign in at the provider first.', {
    hint: 'Wait until the person has signed in, then try again.',
  });
}
