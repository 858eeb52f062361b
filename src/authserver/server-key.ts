import type { KeyObject } from 'node:crypto';
import { createPublicKey } from 'node:crypto';
import { ExternalSigningKey } from 'oidc-provider';
import { hashOf } from '../base/ids.ts';
import type { Vault } from '../vault/vault.ts';

type ServerJwk = Readonly<Record<string, string>>;

/** The server's signing key for the library, which wants a subclass of its own: the private half never leaves the vault. */
export class ServerKey extends ExternalSigningKey {
  readonly #vault: Vault;
  readonly #publicKey: KeyObject;

  constructor(vault: Vault, jwk: ServerJwk) {
    super();
    this.#vault = vault;
    this.#publicKey = createPublicKey({ key: { ...jwk }, format: 'jwk' });
  }

  override keyObject(): KeyObject {
    return this.#publicKey;
  }

  /** Refuses `vault_locked`. */
  override sign(data: Uint8Array): Uint8Array {
    return this.#vault.signAsServer(data);
  }
}

/** `sub` of the one person here: random per install, because the server's key is, and known while locked. */
export function subjectOf(jwk: ServerJwk): string {
  return `person_${hashOf(`counterfoil/subject/v1 ${jwk['x'] ?? ''} ${jwk['y'] ?? ''}`).slice(0, 22)}`;
}
