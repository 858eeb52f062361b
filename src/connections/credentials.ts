import type { JWK } from 'jose';
import type { TokenEndpointResponse } from 'openid-client';
import type { Clock } from '../base/clock.ts';
import { Refusal } from '../base/errors.ts';
import type { ConnectionId } from '../base/ids.ts';
import type { Statement } from '../store/store.ts';
import type { GuardedTable, Vault } from '../vault/vault.ts';
import type { StoredCredential } from './connections-table.ts';

/** What we hold of the person at one provider. Never leaves this folder, and rests only sealed. */
export interface Credentials {
  readonly accessToken: string;
  readonly refreshToken?: string;
  readonly obtainedAt: number;
  readonly expiresAt: number;
  /** The connection key, private half included. */
  readonly key: JWK;
}

interface CredentialsDeps {
  readonly vault: Vault;
  readonly table: GuardedTable<StoredCredential>;
}

/** A provider that does not say how long its token lives is taken to mean five minutes. Seconds. */
const assumedLifeSeconds = 300;

/** Reads and writes the sealed credentials of connections. */
export class CredentialShelf {
  readonly #deps: CredentialsDeps;

  constructor(deps: CredentialsDeps) {
    this.#deps = deps;
  }

  /** Refuses `vault_locked`, `row_tampered`. */
  find(id: ConnectionId): Credentials | undefined {
    const row = this.#deps.table.find(id);
    if (!row) return undefined;
    const sealed = Buffer.from(row.value.sealed, 'base64');
    return this.#deps.vault.open(contextOf(id), sealed, (plaintext) => JSON.parse(plaintext.toString('utf8')) as Credentials);
  }

  /** Changes with everything that is kept, so two that are equal mean the same credentials. Needs no key. */
  stamp(id: ConnectionId): string | undefined {
    return this.#deps.table.find(id)?.value.sealed;
  }

  /** The statement that keeps them. Refuses `vault_locked`. */
  keep(id: ConnectionId, credentials: Credentials): Statement {
    const plaintext = Buffer.from(JSON.stringify(credentials), 'utf8');
    const sealed = Buffer.from(this.#deps.vault.seal(contextOf(id), plaintext)).toString('base64');
    plaintext.fill(0);
    const row = this.#deps.table.find(id);
    return row ? this.#deps.table.update(row, { sealed }) : this.#deps.table.insert(id, { sealed });
  }

  /** The statements that forget them. */
  forget(id: ConnectionId): readonly Statement[] {
    const row = this.#deps.table.find(id);
    return row ? [this.#deps.table.remove(row)] : [];
  }
}

function contextOf(id: ConnectionId): { readonly purpose: string; readonly id: string } {
  return { purpose: 'connections.credentials', id };
}

/**
 * Credentials out of a token answer. An answer without a refresh token keeps the one before it.
 * Refuses `upstream_refused` when the token is not bound to our key.
 */
export function credentialsFrom(
  answer: TokenEndpointResponse,
  before: Pick<Credentials, 'key' | 'refreshToken'>,
  clock: Clock,
): Credentials {
  if (answer.token_type !== 'dpop') {
    throw new Refusal('upstream_refused', 'The provider did not bind the token to our key.', { detail: answer.token_type });
  }
  const refreshToken = answer.refresh_token ?? before.refreshToken;
  const obtainedAt = clock.now();
  return {
    accessToken: answer.access_token,
    obtainedAt,
    expiresAt: obtainedAt + (answer.expires_in ?? assumedLifeSeconds) * 1000,
    key: before.key,
    ...(refreshToken !== undefined && { refreshToken }),
  };
}

/** True once 70 % of the token's life is over. */
export function isDue({ obtainedAt, expiresAt }: Credentials, now: number): boolean {
  return now >= obtainedAt + (expiresAt - obtainedAt) * 0.7;
}
