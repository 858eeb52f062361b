/**
 * Secrets, sealed; lock and unlock.
 *
 * A random *master key* is wrapped per factor set: passphrase and keychain secret (passphrase alone where there is no
 * keychain), and a printed recovery code alone. Its HKDF children seal secrets, authenticate rows and the list of factor
 * sets, and sign for the server and the audit log. Nothing derived from it exists while the vault is locked.
 *
 * Words: *sealed* is encrypted with associated data; *guarded* is a readable row with a MAC over everything
 * that decides (security rule 3); a *key item* is key material in the OS keychain, itself sealed by the vault.
 *
 * This folder must never hand out the master key, never log a secret, and never tell somebody who guesses
 * passphrases more than "wrong". (That the keychain's secret is another one than it was may be said: it is random.)
 */

import type { Changes } from '../base/changes.ts';
import type { Clock } from '../base/clock.ts';
import type { Refusal } from '../base/errors.ts';
import type { Secret } from '../base/secret.ts';
import type { Keychain } from '../platform/keychain.ts';
import type { Store } from '../store/store.ts';

export { createVault } from './create-vault.ts';
export type { GuardedRow, GuardedTable } from './guarded-table.ts';
export { guardedTable } from './guarded-table.ts';
export { measurePassphrase, suggestPassphrase } from './passphrase.ts';

export type VaultState = 'absent' | 'locked' | 'unlocked';

/**
 * What there is of recovery codes. `untested`: made, and not yet typed back; with `olderWorks` an earlier one opens until it is.
 * `lost`: the list of factors was changed from outside, so earlier codes are not accepted any more.
 */
export interface RecoveryState {
  readonly state: 'none' | 'untested' | 'tested' | 'lost';
  /** When it was made, tested or lost. */
  readonly at?: number;
  readonly olderWorks?: boolean;
}

export interface VaultDeps {
  readonly store: Store;
  readonly keychain: Keychain;
  readonly clock: Clock;
  readonly changes: Changes;
  /** Cost of scrypt; a `unique symbol` option of `createCore` lowers it in tests. Default N=2^17, r=8, p=1. */
  readonly scryptCost?: number;
}

/** Names what is sealed, so that a sealed value cannot be moved to another place. */
export interface SealContext {
  /** For example `connections.credentials`. */
  readonly purpose: string;
  readonly id: string;
}

export interface Vault {
  state(): VaultState;
  /** Which back-end holds the key items, for the person. */
  readonly protection: { readonly kind: Keychain['kind']; readonly description: string };
  /**
   * Refuses `data_missing` when the keychain knows of data that is not here, or the data of a keychain item that is
   * not there; `keychain_unavailable` when this installation began with another keychain. Changes nothing. For the
   * core at start, so that lost data never looks like a first start. With a recovery code it does not refuse what the
   * code can mend; {@link Vault.missing} then says it.
   */
  assertComplete(): Promise<void>;
  /** What was missing at start, in words, until the vault was opened. */
  missing(): Refusal | undefined;
  /** Read from the record: while locked, nothing has been checked. */
  recovery(): RecoveryState;
  /**
   * Makes the master key and unlocks. Refuses `vault_exists`, `passphrase_weak` (under 60 bits),
   * `data_missing` (keychain item without data folder or the other way round), `keychain_refused`.
   */
  create(passphrase: Secret): Promise<void>;
  /**
   * Refuses `passphrase_wrong` (how often may be tried is for the door to say), `vault_absent`, `data_missing`, `vault_damaged`, `keychain_refused`,
   * `keychain_unavailable`, `vault_locked` when it was locked in the meantime. Calls run one after the other; an equal
   * passphrase that is being tried is not tried again. When unlocked already, only the passphrase is checked.
   */
  unlock(passphrase: Secret): Promise<void>;
  /**
   * Opens with a recovery code alone, and puts a new passphrase and a new keychain secret in place of those before, so that it works
   * where the keychain item is gone. Afterwards the keychain is the one that there is now. The code stays valid: the paper is the only
   * way in that the person has proven, and a new code that nobody wrote down would leave none.
   *
   * Refuses `recovery_code_wrong`, `not_found` without a code, `passphrase_weak`,
   * `conflict` when it is open, `vault_damaged`, and as the keychain does.
   */
  recover(code: Secret, passphrase: Secret): Promise<void>;
  /** Puts another passphrase in place. Refuses as {@link Vault.verifyPassphrase} does, and `passphrase_weak`. */
  changePassphrase(passphrase: Secret, next: Secret): Promise<void>;
  /**
   * Makes a recovery code: 160 random bits, for the caller to show once and destroy. It opens from now on, and one that was tested
   * before opens until this one is tested. Refuses as {@link Vault.verifyPassphrase} does.
   */
  makeRecoveryCode(passphrase: Secret): Promise<Secret>;
  /** Notes that the person has the newest code; those before it open nothing any more. Refuses `recovery_code_wrong`. */
  confirmRecoveryCode(code: Secret): Promise<void>;
  /** Confirms the person's presence. Refuses `passphrase_wrong`, `vault_locked`, and as the keychain does. */
  verifyPassphrase(passphrase: Secret): Promise<void>;
  /**
   * Zeroes every key, whatever the disk says. Silent when locked already. When something that follows was refused, `store_failed`
   * for example, throws that once it is locked and all the rest has followed.
   */
  lock(): void;
  /** Runs after each unlock, before anything is answered, in the order of subscription. A throw locks again. */
  onUnlock(task: () => void | Promise<void>): void;
  onLock(task: () => void): void;
  /** Runs when creating, unlocking or recovering was refused and the vault is not open: what was typed has passed through memory. */
  onOpeningRefused(task: () => void): void;
  /**
   * Runs when opening finds the list of factor sets changed from outside. It opens all the same, because to refuse would only finish
   * what somebody began; of the sets only the one that just opened is kept, and {@link Vault.recovery} says `lost`.
   */
  onFactorsChangedOutside(task: () => void): void;

  /** AES-256-GCM under the seal key. Refuses `vault_locked`. */
  seal(context: SealContext, plaintext: Uint8Array): Uint8Array;
  /** Lends the plaintext for one call and zeroes it after. Refuses `vault_locked`, `row_tampered`. */
  open<Result>(context: SealContext, sealed: Uint8Array, use: (plaintext: Buffer) => Result): Result;

  /**
   * Seals to the vault's public key, locked or not: for what an agent sends at any time and must not rest readable. `undefined`
   * before a vault was opened that knows this; then keep it in memory or do without.
   */
  box(context: SealContext, plaintext: Uint8Array): Uint8Array | undefined;
  /** As {@link Vault.open}, for what {@link Vault.box} gave. Refuses `vault_locked`, `row_tampered`. */
  unbox<Result>(context: SealContext, boxed: Uint8Array, use: (plaintext: Buffer) => Result): Result;

  /** HMAC-SHA-256 under the row key, or `undefined` while locked. Used by {@link guardedTable} only. */
  rowMac(input: Uint8Array): Uint8Array | undefined;

  /** Public half of the server's ES256 signing key (JWK). Known while locked once the vault was made. */
  serverPublicJwk(): Readonly<Record<string, string>> | undefined;
  /** Random; names this installation in the keychain. `undefined` while there is no vault. */
  installation(): string | undefined;

  /** ES256 signature (r‖s) by the server key. Refuses `vault_locked`. */
  signAsServer(data: Uint8Array): Uint8Array;

  /** Key items, sealed by the vault, at rest in the OS keychain. Names such as `broker/<connection>/<agent>`. */
  putKey(name: string, value: Secret): Promise<void>;
  /** Lends the key. Refuses `vault_locked`, `not_found`, `row_tampered`, and as the keychain refuses. */
  openKey<Result>(name: string, use: (value: Buffer) => Result): Promise<Result>;
  hasKey(name: string): Promise<boolean>;
  deleteKey(name: string): Promise<void>;
}
