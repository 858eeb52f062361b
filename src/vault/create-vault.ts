import { createHmac, randomBytes } from 'node:crypto';
import { isRefusal, Refusal } from '../base/errors.ts';
import type { Secret } from '../base/secret.ts';
import { FailureDelay } from './failure-delay.ts';
import { framed } from './framed.ts';
import { KeychainAnchor } from './keychain-anchor.ts';
import { OneAtATime } from './one-at-a-time.ts';
import { measurePassphrase, passphraseBitsAtLeast } from './passphrase.ts';
import { openBytes, sealBytes } from './sealing.ts';
import type { SealContext, Vault, VaultDeps, VaultState } from './vault.ts';
import { VaultKeys } from './vault-keys.ts';
import {
  assertKdfWithinBounds,
  damaged,
  findVaultRecord,
  hasVaultRecord,
  insertVaultRecord,
  scryptCostDefault,
  type VaultRecord,
} from './vault-record.ts';
import { keyLength, unwrapMasterKey, wrapMasterKey } from './wrap-master-key.ts';

/** The vault over the record in `store` and the items in `keychain`. Locked, or absent, at first. */
export function createVault(deps: VaultDeps): Vault {
  return new KeychainVault(deps);
}

class KeychainVault implements Vault {
  readonly #deps: VaultDeps;
  readonly #cost: number;
  readonly #anchor: KeychainAnchor;
  readonly #delay: FailureDelay;
  readonly #turns = new OneAtATime();
  readonly #unlockTasks: (() => void | Promise<void>)[] = [];
  readonly #lockTasks: (() => void)[] = [];
  #keys: VaultKeys | undefined;
  #flight: { readonly passphrase: Secret; readonly result: Promise<void> } | undefined;
  /** Counts calls of `lock`, so that an unlock under way notices one. */
  #locks = 0;

  constructor(deps: VaultDeps) {
    this.#deps = deps;
    this.#cost = deps.scryptCost ?? scryptCostDefault;
    this.#anchor = new KeychainAnchor(deps.keychain, deps.store.file);
    this.#delay = new FailureDelay(deps);
  }

  get protection(): Vault['protection'] {
    const { kind, description } = this.#deps.keychain;
    return { kind, description };
  }

  state(): VaultState {
    if (this.#keys !== undefined) return 'unlocked';
    return hasVaultRecord(this.#deps.store) ? 'locked' : 'absent';
  }

  async assertComplete(): Promise<void> {
    const record = findVaultRecord(this.#deps.store);
    if (record === undefined) return this.#anchor.assertNothingLost();
    (await this.#anchor.rootSecret(record))?.fill(0);
  }

  create(passphrase: Secret): Promise<void> {
    const locks = this.#locks;
    return this.#turns.run(() => this.#create(passphrase, locks));
  }

  unlock(passphrase: Secret): Promise<void> {
    if (this.#flight?.passphrase.equals(passphrase) === true) return this.#flight.result;
    const locks = this.#locks;
    const result = this.#turns.run(() => this.#unlock(passphrase, locks));
    const flight = { passphrase, result };
    this.#flight = flight;
    const landed = () => {
      if (this.#flight === flight) this.#flight = undefined;
    };
    result.then(landed, landed);
    return result;
  }

  verifyPassphrase(passphrase: Secret): Promise<void> {
    return this.#turns.run(async () => {
      this.#unlocked();
      (await this.#tryPassphrase(this.#record(), passphrase)).fill(0);
    });
  }

  lock(): void {
    this.#locks += 1;
    if (this.#keys === undefined) return;
    this.#keys.destroy();
    this.#keys = undefined;
    const errors = this.#lockTasks.flatMap(errorOf);
    this.#deps.changes.publish({ topic: 'vault' });
    if (errors.length > 0) throw new AggregateError(errors, 'The vault is locked, but something that follows did not happen.');
  }

  onUnlock(task: () => void | Promise<void>): void {
    this.#unlockTasks.push(task);
  }

  onLock(task: () => void): void {
    this.#lockTasks.push(task);
  }

  seal(context: SealContext, plaintext: Uint8Array): Uint8Array {
    return sealBytes(this.#unlocked().seal, contextBytes(context), plaintext);
  }

  open<Result>(context: SealContext, sealed: Uint8Array, use: (plaintext: Buffer) => Result): Result {
    const plaintext = openBytes(this.#unlocked().seal, contextBytes(context), sealed);
    try {
      return use(plaintext);
    } finally {
      plaintext.fill(0);
    }
  }

  rowMac(input: Uint8Array): Uint8Array | undefined {
    return this.#keys && createHmac('sha256', this.#keys.row).update(input).digest();
  }

  serverPublicJwk(): Readonly<Record<string, string>> | undefined {
    return this.#keys?.serverPublicJwk ?? findVaultRecord(this.#deps.store)?.serverPublicJwk;
  }

  signAsServer(data: Uint8Array): Uint8Array {
    return this.#unlocked().sign(data);
  }

  async putKey(name: string, value: Secret): Promise<void> {
    const sealed = value.open((bytes) => this.seal(keyItem(name), bytes));
    await this.#deps.keychain.set(name, sealed);
  }

  async openKey<Result>(name: string, use: (value: Buffer) => Result): Promise<Result> {
    this.#unlocked();
    const sealed = await this.#deps.keychain.get(name);
    if (sealed === undefined) throw new Refusal('not_found', 'That key does not exist any more.');
    return this.open(keyItem(name), sealed, use);
  }

  async hasKey(name: string): Promise<boolean> {
    return (await this.#deps.keychain.get(name)) !== undefined;
  }

  async deleteKey(name: string): Promise<void> {
    await this.#deps.keychain.delete(name);
  }

  async #create(passphrase: Secret, locks: number): Promise<void> {
    if (hasVaultRecord(this.#deps.store)) throw new Refusal('vault_exists', 'There is a vault already.');
    await assertStrong(passphrase);
    await this.#anchor.assertNothingLost();
    const masterKey = randomBytes(keyLength);
    const keys = new VaultKeys(masterKey);
    try {
      const record = await this.#makeRecord(passphrase, { masterKey, keys });
      await this.#enter(record, keys, locks);
    } finally {
      masterKey.fill(0);
      if (this.#keys !== keys) keys.destroy();
    }
  }

  /** The keychain first: a record whose factor was never kept would be lost for good. */
  async #makeRecord(passphrase: Secret, { masterKey, keys }: { masterKey: Buffer; keys: VaultKeys }): Promise<VaultRecord> {
    const { keychain, store } = this.#deps;
    const install = randomBytes(16).toString('base64url');
    const rootSecret = keychain.kind === 'file' ? undefined : randomBytes(keyLength);
    const factors = rootSecret === undefined ? { passphrase } : { passphrase, rootSecret };
    const factorSets = [await wrapMasterKey(masterKey, factors, { install, cost: this.#cost })];
    const record: VaultRecord = { version: 1, install, keychain: keychain.kind, factorSets, serverPublicJwk: keys.serverPublicJwk };
    await this.#anchor.keepRootSecret(install, rootSecret);
    rootSecret?.fill(0);
    try {
      store.commit([insertVaultRecord(record)]);
    } catch (error) {
      await this.#anchor.dropRootSecret(install);
      throw error;
    }
    return record;
  }

  async #unlock(passphrase: Secret, locks: number): Promise<void> {
    const record = this.#record();
    const masterKey = await this.#tryPassphrase(record, passphrase);
    try {
      if (this.#keys !== undefined) return;
      const keys = new VaultKeys(masterKey);
      if (!isSameJwk(keys.serverPublicJwk, record.serverPublicJwk)) {
        keys.destroy();
        throw damaged(new Error('the public key of the record is not ours'));
      }
      await this.#enter(record, keys, locks);
    } finally {
      masterKey.fill(0);
    }
  }

  /** Unlocked from here on. A task that throws, or a `lock` in the meantime, ends locked. */
  async #enter(record: VaultRecord, keys: VaultKeys, locks: number): Promise<void> {
    await this.#anchor.rememberPlace(record.install);
    this.#assertNotLockedSince(locks, keys);
    this.#keys = keys;
    try {
      for (const task of this.#unlockTasks) {
        await task();
        this.#assertNotLockedSince(locks, keys);
      }
    } catch (error) {
      this.lock();
      throw error;
    }
    this.#deps.changes.publish({ topic: 'vault' });
  }

  #assertNotLockedSince(locks: number, keys: VaultKeys): void {
    if (this.#locks === locks) return;
    keys.destroy();
    throw locked();
  }

  async #tryPassphrase(record: VaultRecord, passphrase: Secret): Promise<Buffer> {
    const [set] = record.factorSets;
    if (set === undefined) throw damaged(new Error('no factor set'));
    assertKdfWithinBounds(set.kdf, Math.min(this.#cost, scryptCostDefault));
    this.#delay.assertMayTry();
    const rootSecret = await this.#anchor.rootSecret(record);
    this.#delay.begin();
    try {
      const masterKey = await unwrapMasterKey(
        set,
        rootSecret === undefined ? { passphrase } : { passphrase, rootSecret },
        record.install,
      );
      this.#delay.succeeded();
      return masterKey;
    } catch (error) {
      if (isRefusal(error, 'passphrase_wrong')) throw this.#delay.failed();
      this.#delay.takeBack();
      throw error;
    } finally {
      rootSecret?.fill(0);
    }
  }

  #record(): VaultRecord {
    const record = findVaultRecord(this.#deps.store);
    if (record === undefined) throw new Refusal('vault_absent', 'There is no vault yet.', { hint: 'Choose a passphrase first.' });
    return record;
  }

  #unlocked(): VaultKeys {
    if (this.#keys === undefined) throw locked();
    return this.#keys;
  }
}

async function assertStrong(passphrase: Secret): Promise<void> {
  const strength = await passphrase.openText(measurePassphrase);
  // security: rule 21
  if (strength.bits >= passphraseBitsAtLeast) return;
  throw new Refusal('passphrase_weak', 'That passphrase is too easy to guess.', {
    hint: strength.warning ?? 'Use five or more words that have nothing to do with each other.',
    members: { bits: strength.bits, bitsAtLeast: passphraseBitsAtLeast },
  });
}

function locked(): Refusal {
  return new Refusal('vault_locked', 'The vault is locked.', { retryAfterSeconds: 5 });
}

function contextBytes({ purpose, id }: SealContext): Buffer {
  return framed('counterfoil/sealed/v1', purpose, id);
}

function keyItem(name: string): SealContext {
  return { purpose: 'keychain', id: name };
}

function isSameJwk(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): boolean {
  return ['kty', 'crv', 'x', 'y'].every((member) => one[member] === other[member]);
}

function errorOf(task: () => void): readonly unknown[] {
  try {
    task();
    return [];
  } catch (error) {
    return [error];
  }
}
