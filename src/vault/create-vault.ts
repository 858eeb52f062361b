import { createHmac, randomBytes } from 'node:crypto';
import { isRefusal, Refusal } from '../base/errors.ts';
import type { Secret } from '../base/secret.ts';
import { Factors, recoveryStateOf } from './factors.ts';
import { framed } from './framed.ts';
import { KeychainAnchor } from './keychain-anchor.ts';
import { boxPublicKey, findBoxKey, openFromBox, sealToBox, settleBoxKey } from './locked-box.ts';
import { OneAtATime } from './one-at-a-time.ts';
import { assertStrong } from './passphrase.ts';
import { openBytes, sealBytes } from './sealing.ts';
import type { RecoveryState, SealContext, Vault, VaultDeps, VaultState } from './vault.ts';
import { VaultKeys } from './vault-keys.ts';
import { findVaultRecord, hasVaultRecord, recoverySetsOf, scryptCostDefault, type VaultRecord } from './vault-record.ts';
import { keyLength, type Opened } from './wrap-master-key.ts';

/** The vault over the record in `store` and the items in `keychain`. Locked, or absent, at first. */
export function createVault(deps: VaultDeps): Vault {
  return new KeychainVault(deps);
}

class KeychainVault implements Vault {
  readonly #deps: VaultDeps;
  readonly #anchor: KeychainAnchor;
  readonly #factors: Factors;
  readonly #turns = new OneAtATime();
  readonly #unlockTasks: (() => void | Promise<void>)[] = [];
  readonly #lockTasks: (() => void)[] = [];
  readonly #refusedTasks: (() => void)[] = [];
  readonly #changedTasks: (() => void)[] = [];
  #keys: VaultKeys | undefined;
  #missing: Refusal | undefined;
  #flight: { readonly passphrase: Secret; readonly result: Promise<void> } | undefined;
  /** Counts calls of `lock`, so that an unlock under way notices one. */
  #locks = 0;

  constructor(deps: VaultDeps) {
    this.#deps = deps;
    this.#anchor = new KeychainAnchor(deps.keychain, deps.store.file);
    this.#factors = new Factors({ ...deps, anchor: this.#anchor, cost: deps.scryptCost ?? scryptCostDefault });
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
    this.#missing = await this.#anchor.findMissing(record);
    // security: rule 22, with a printed code the person can go on; without one nothing here opens
    if (this.#missing !== undefined && recoverySetsOf(record).length === 0) throw this.#missing;
  }

  missing(): Refusal | undefined {
    return this.#missing;
  }

  recovery(): RecoveryState {
    return recoveryStateOf(findVaultRecord(this.#deps.store));
  }

  create(passphrase: Secret): Promise<void> {
    const locks = this.#locks;
    return this.#opening(() => this.#create(passphrase, locks));
  }

  unlock(passphrase: Secret): Promise<void> {
    if (this.#flight?.passphrase.equals(passphrase) === true) return this.#flight.result;
    const locks = this.#locks;
    const result = this.#opening(() => this.#unlock(passphrase, locks));
    const flight = { passphrase, result };
    this.#flight = flight;
    const landed = () => {
      if (this.#flight === flight) this.#flight = undefined;
    };
    result.then(landed, landed);
    return result;
  }

  recover(code: Secret, passphrase: Secret): Promise<void> {
    const locks = this.#locks;
    return this.#opening(() => this.#recover(code, passphrase, locks));
  }

  verifyPassphrase(passphrase: Secret): Promise<void> {
    return this.#withPassphrase(passphrase, async () => {});
  }

  changePassphrase(passphrase: Secret, next: Secret): Promise<void> {
    return this.#withPassphrase(passphrase, async (record, open) => {
      await assertStrong(next);
      await this.#factors.replacePassphrase(record, open, next);
      this.#deps.changes.publish({ topic: 'vault' });
    });
  }

  makeRecoveryCode(passphrase: Secret): Promise<Secret> {
    return this.#withPassphrase(passphrase, async (record, open) => {
      const code = await this.#factors.addCode(record, open);
      this.#deps.changes.publish({ topic: 'vault' });
      return code;
    });
  }

  confirmRecoveryCode(code: Secret): Promise<void> {
    return this.#turns.run(async () => {
      this.#unlocked();
      const record = this.#record();
      const opened = await this.#factors.tryCode(record, code, recoverySetsOf(record).slice(-1));
      opened.masterKey.fill(0);
      if ((await this.#trusted(record, opened, this.#unlocked())) !== record) throw changedOutside();
      await this.#factors.markTested(record, opened.set, this.#unlocked());
      this.#deps.changes.publish({ topic: 'vault' });
    });
  }

  lock(): void {
    this.#locks += 1;
    if (this.#keys === undefined) return;
    this.#keys.destroy();
    this.#keys = undefined;
    const errors = this.#lockTasks.flatMap(errorOf);
    this.#deps.changes.publish({ topic: 'vault' });
    if (errors.length > 0) throw lockedBut(errors);
  }

  onUnlock(task: () => void | Promise<void>): void {
    this.#unlockTasks.push(task);
  }

  onLock(task: () => void): void {
    this.#lockTasks.push(task);
  }

  onOpeningRefused(task: () => void): void {
    this.#refusedTasks.push(task);
  }

  onFactorsChangedOutside(task: () => void): void {
    this.#changedTasks.push(task);
  }

  seal(context: SealContext, plaintext: Uint8Array): Uint8Array {
    return sealBytes(this.#unlocked().seal, contextBytes(context), plaintext);
  }

  open<Result>(context: SealContext, sealed: Uint8Array, use: (plaintext: Buffer) => Result): Result {
    return lent(openBytes(this.#unlocked().seal, contextBytes(context), sealed), use);
  }

  box(context: SealContext, plaintext: Uint8Array): Uint8Array | undefined {
    const publicKey = this.#keys === undefined ? findBoxKey(this.#deps.store) : boxPublicKey(this.#keys.box);
    return publicKey && sealToBox(publicKey, contextBytes(context), plaintext);
  }

  unbox<Result>(context: SealContext, boxed: Uint8Array, use: (plaintext: Buffer) => Result): Result {
    return lent(openFromBox(this.#unlocked().box, contextBytes(context), boxed), use);
  }

  rowMac(input: Uint8Array): Uint8Array | undefined {
    return this.#keys && createHmac('sha256', this.#keys.row).update(input).digest();
  }

  serverPublicJwk(): Readonly<Record<string, string>> | undefined {
    return this.#keys?.serverPublicJwk ?? findVaultRecord(this.#deps.store)?.serverPublicJwk;
  }

  installation(): string | undefined {
    return findVaultRecord(this.#deps.store)?.install;
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

  /** Runs what opens the vault; what it was refused with is told to nobody but the caller. */
  #opening(open: () => Promise<void>): Promise<void> {
    const result = this.#turns.run(open);
    result.catch(() => {
      if (this.#keys === undefined) this.#refusedTasks.forEach(errorOf);
    });
    return result;
  }

  async #create(passphrase: Secret, locks: number): Promise<void> {
    if (hasVaultRecord(this.#deps.store)) throw new Refusal('vault_exists', 'There is a vault already.');
    await assertStrong(passphrase);
    await this.#anchor.assertNothingLost();
    const masterKey = randomBytes(keyLength);
    await this.#enterWith(masterKey, locks, (keys) => this.#factors.keepFirst({ masterKey, keys }, passphrase));
  }

  async #unlock(passphrase: Secret, locks: number): Promise<void> {
    const record = this.#record();
    const opened = await this.#factors.tryPassphrase(record, passphrase);
    const { masterKey } = opened;
    if (this.#keys !== undefined) {
      masterKey.fill(0);
      return;
    }
    await this.#enterWith(masterKey, locks, async (keys) => {
      const trusted = await this.#trusted(record, opened, keys);
      return trusted === record ? record : this.#factors.replacePassphrase(trusted, { masterKey, keys }, passphrase);
    });
  }

  async #recover(code: Secret, passphrase: Secret, locks: number): Promise<void> {
    if (this.#keys !== undefined)
      throw new Refusal('conflict', 'The vault is open.', { hint: 'Lock it first, or change the passphrase.' });
    const record = this.#record();
    const opened = await this.#factors.tryCode(record, code, recoverySetsOf(record));
    const { masterKey } = opened;
    await this.#enterWith(masterKey, locks, async (keys) => {
      const trusted = await this.#trusted(record, opened, keys);
      await assertStrong(passphrase);
      const renewed = await this.#factors.replacePassphrase(trusted, { masterKey, keys }, passphrase);
      return this.#factors.markTested(renewed, opened.set, keys);
    });
  }

  /** The record as far as it is known to be ours. The same one when nothing has to be made anew. */
  async #trusted(record: VaultRecord, opened: Opened, keys: VaultKeys): Promise<VaultRecord> {
    const found = await this.#factors.judge(record, opened, keys);
    if (found === 'intact') return record;
    if (found === 'old') return { ...record, version: 2 };
    for (const task of this.#changedTasks) task();
    return this.#factors.withoutUnknown(record, opened);
  }

  /** Unlocks with the record that `prepare` gives; zeroes the master key, and the keys when it does not come to that. */
  async #enterWith(masterKey: Buffer, locks: number, prepare: (keys: VaultKeys) => Promise<VaultRecord>): Promise<void> {
    const keys = new VaultKeys(masterKey);
    try {
      await this.#enter(await prepare(keys), keys, locks);
    } finally {
      masterKey.fill(0);
      if (this.#keys !== keys) keys.destroy();
    }
  }

  /** Unlocked from here on. A task that throws, or a `lock` in the meantime, ends locked. */
  async #enter(record: VaultRecord, keys: VaultKeys, locks: number): Promise<void> {
    await this.#anchor.rememberPlace(record.install);
    await this.#anchor.settleRecord(record);
    this.#assertNotLockedSince(locks, keys);
    this.#missing = undefined;
    settleBoxKey(this.#deps.store, boxPublicKey(keys.box));
    this.#keys = keys;
    try {
      for (const task of this.#unlockTasks) {
        await task();
        this.#assertNotLockedSince(locks, keys);
      }
    } catch (error) {
      // What went wrong first is what is told: a store that fails does so again for whatever follows a lock.
      errorOf(() => this.lock());
      throw error;
    }
    this.#deps.changes.publish({ topic: 'vault' });
  }

  #assertNotLockedSince(locks: number, keys: VaultKeys): void {
    if (this.#locks === locks) return;
    keys.destroy();
    throw locked();
  }

  /** Runs a task that needs the person's passphrase and the master key, while unlocked. */
  #withPassphrase<Result>(
    passphrase: Secret,
    task: (record: VaultRecord, open: { readonly masterKey: Buffer; readonly keys: VaultKeys }) => Promise<Result>,
  ): Promise<Result> {
    return this.#turns.run(async () => {
      this.#unlocked();
      const record = this.#record();
      const opened = await this.#factors.tryPassphrase(record, passphrase);
      const { masterKey } = opened;
      try {
        const keys = this.#unlocked();
        const trusted = await this.#trusted(record, opened, keys);
        return await task(trusted === record ? record : await this.#factors.keep(trusted, keys), { masterKey, keys });
      } finally {
        masterKey.fill(0);
      }
    });
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

function changedOutside(): Refusal {
  return new Refusal('row_tampered', 'The list of what opens the vault was changed outside this program.', {
    hint: 'Lock, unlock with the passphrase, and make a new recovery code.',
  });
}

function locked(): Refusal {
  return new Refusal('vault_locked', 'The vault is locked.', { retryAfterSeconds: 5 });
}

function lent<Result>(plaintext: Buffer, use: (plaintext: Buffer) => Result): Result {
  try {
    return use(plaintext);
  } finally {
    plaintext.fill(0);
  }
}

function contextBytes({ purpose, id }: SealContext): Buffer {
  return framed('counterfoil/sealed/v1', purpose, id);
}

function keyItem(name: string): SealContext {
  return { purpose: 'keychain', id: name };
}

/** A store that cannot be written is a refusal to tell; anything else is a mistake of ours, and is not hidden behind one. */
function lockedBut(errors: readonly unknown[]): Error {
  const [first] = errors;
  if (isRefusal(first) && errors.every((error) => isRefusal(error)))
    return new Refusal(first.code, `The vault is locked, but: ${first.message}`, { cause: first });
  return new AggregateError(errors, 'The vault is locked, but something that follows did not happen.');
}

function errorOf(task: () => void): readonly unknown[] {
  try {
    task();
    return [];
  } catch (error) {
    return [error];
  }
}
