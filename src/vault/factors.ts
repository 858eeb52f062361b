import { randomBytes } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { Refusal } from '../base/errors.ts';
import { Secret } from '../base/secret.ts';
import type { Keychain } from '../platform/keychain.ts';
import type { Store } from '../store/store.ts';
import { type KeychainAnchor, type KeychainFactor, rootCheckOf } from './keychain-anchor.ts';
import type { RecoveryState } from './vault.ts';
import type { VaultKeys } from './vault-keys.ts';
import {
  assertKdfWithinBounds,
  damaged,
  findVaultRecord,
  insertVaultRecord,
  isIntact,
  type PassphraseSet,
  passphraseSetOf,
  type RecoverySet,
  recoveryBits,
  recoverySetsOf,
  scryptCostDefault,
  updateVaultRecord,
  type VaultRecord,
  withMac,
} from './vault-record.ts';
import { keyLength, type Opened, unwrapMasterKey, wrapWithCode, wrapWithPassphrase } from './wrap-master-key.ts';

export interface FactorsDeps {
  readonly store: Store;
  readonly keychain: Keychain;
  readonly clock: Clock;
  readonly anchor: KeychainAnchor;
  /** N of scrypt. */
  readonly cost: number;
}

/** The keys of an open vault with the master key, which the caller zeroes. */
export interface OpenKeys {
  readonly masterKey: Buffer;
  readonly keys: VaultKeys;
}

/**
 * The ways to the master key: tries them, makes them, and keeps the record that lists them.
 *
 * One MAC under a vault key covers the record, so whoever writes the database can add, remove or exchange nothing unnoticed.
 * Calls must not overlap.
 */
export class Factors {
  readonly #deps: FactorsDeps;

  constructor(deps: FactorsDeps) {
    this.#deps = deps;
  }

  /** Tries the passphrase. Refuses `passphrase_wrong`, `data_missing`, and as the keychain does. */
  async tryPassphrase(record: VaultRecord, passphrase: Secret): Promise<Opened> {
    const { anchor, cost } = this.#deps;
    const set = passphraseSetOf(record);
    assertKdfWithinBounds(set.kdf, Math.min(cost, scryptCostDefault));
    const { rootSecret } = await anchor.factor(record);
    const factors = rootSecret === undefined ? { passphrase } : { passphrase, rootSecret };
    try {
      const opened = await unwrapMasterKey(set, factors, record.install);
      if (opened === undefined) throw new Refusal('passphrase_wrong', 'That is not the passphrase.');
      return opened;
    } finally {
      rootSecret?.fill(0);
    }
  }

  /** Tries a recovery code on the sets given. Refuses `recovery_code_wrong`; `not_found` when there is none. */
  async tryCode(record: VaultRecord, code: Secret, sets: readonly RecoverySet[]): Promise<Opened<RecoverySet>> {
    if (sets.length === 0) throw new Refusal('not_found', 'No recovery code was made for this vault.');
    for (const { kdf } of sets) assertKdfWithinBounds(kdf, 0);
    for (const set of sets) {
      const opened = await unwrapMasterKey(set, { code }, record.install);
      if (opened !== undefined) return opened;
    }
    throw new Refusal('recovery_code_wrong', 'That is not the recovery code.');
  }

  /** The record of a new vault. The keychain first: a record whose factor was never kept would be lost for good. */
  async keepFirst(open: OpenKeys, passphrase: Secret): Promise<VaultRecord> {
    const { anchor, keychain, store } = this.#deps;
    const blank: VaultRecord = {
      version: 2,
      install: randomBytes(16).toString('base64url'),
      keychain: keychain.kind,
      factorSets: [],
      serverPublicJwk: open.keys.serverPublicJwk,
    };
    const set = await this.#newPassphraseSet(blank, { open, passphrase, rootSlot: 0 });
    const record = withMac({ ...blank, factorSets: [set] }, open.keys.record);
    try {
      await anchor.expectRecord(record.install, record.mac ?? '');
      store.commit([insertVaultRecord(record)]);
    } catch (error) {
      await anchor.dropAll(record.install);
      throw error;
    }
    return record;
  }

  /**
   * What may be relied on of a record, now that the vault keys are there. A record of version 1 is made anew. So is one that was
   * changed from outside: only the set that just opened is known to be ours, the others go.
   */
  async judge(record: VaultRecord, opened: Opened, keys: VaultKeys): Promise<'intact' | 'old' | 'changed'> {
    if (!isSameJwk(keys.serverPublicJwk, record.serverPublicJwk)) {
      throw damaged(new Error('the public key of the record is not ours'));
    }
    // security: rule 22, a set made for a record with a MAC is none of a record without
    if (opened.madeFor !== record.version) return 'changed';
    if (record.version === 1) return 'old';
    if (!isIntact(record, keys.record)) return 'changed';
    // security: rule 8, a MAC says that the list was ours once, not that it is the newest; where a passphrase opens, the keychain
    // is the one that there was, and somebody took its word for the list away
    const mayBeNew = opened.set.id === 'recovery';
    return (await this.#deps.anchor.isNewest(record, mayBeNew)) ? 'intact' : 'changed';
  }

  /** The record without what {@link Factors.judge} found unknown: nothing of it but the set that opened. */
  withoutUnknown(record: VaultRecord, opened: Opened): VaultRecord {
    return { ...record, version: 2, factorSets: [opened.set], changedOutsideAt: this.#deps.clock.now() };
  }

  /** Keeps a new passphrase set with a new keychain secret in place of the one before, which opens nothing from then on. */
  async replacePassphrase(record: VaultRecord, open: OpenKeys, passphrase: Secret): Promise<VaultRecord> {
    const { anchor, keychain } = this.#deps;
    const before = record.factorSets.find((set) => set.id === 'passphrase')?.rootSlot ?? 0;
    const rootSlot = before === 0 ? 1 : 0;
    const blank: VaultRecord = { ...record, version: 2, keychain: keychain.kind };
    const set = await this.#newPassphraseSet(blank, { open, passphrase, rootSlot });
    const kept = await this.keep({ ...blank, factorSets: [set, ...recoverySetsOf(record)] }, open.keys);
    await anchor.dropFactor(record.install, before);
    return kept;
  }

  /** A new code, kept as not yet tested. A tested one stays until this one is. The caller destroys the code. */
  async addCode(record: VaultRecord, { masterKey, keys }: OpenKeys): Promise<Secret> {
    const code = Secret.fromBytes(randomBytes(recoveryBits / 8));
    const wrapped = await wrapWithCode(masterKey, code, record.install);
    const set: RecoverySet = { id: 'recovery', ...wrapped, madeAt: this.#deps.clock.now() };
    const tested = recoverySetsOf(record).filter(({ testedAt }) => testedAt !== undefined);
    const warned: { -readonly [Member in keyof VaultRecord]: VaultRecord[Member] } = { ...record };
    delete warned.changedOutsideAt;
    await this.keep({ ...warned, factorSets: [passphraseSetOf(record), ...tested.slice(-1), set] }, keys);
    return code;
  }

  /** Notes that the person has the code of this set. Those made before it go. */
  markTested(record: VaultRecord, set: RecoverySet, keys: VaultKeys): Promise<VaultRecord> {
    const tested: RecoverySet = { ...set, testedAt: this.#deps.clock.now() };
    const all = recoverySetsOf(record);
    const later = all.slice(all.findIndex(({ wrapped }) => wrapped === set.wrapped) + 1);
    return this.keep({ ...record, factorSets: [passphraseSetOf(record), tested, ...later] }, keys);
  }

  /** Keeps the record under a new MAC. */
  async keep(record: VaultRecord, keys: VaultKeys): Promise<VaultRecord> {
    const { anchor, store } = this.#deps;
    const kept = withMac(record, keys.record);
    await anchor.expectRecord(kept.install, kept.mac ?? '', findVaultRecord(store)?.mac);
    store.commit([updateVaultRecord(kept)]);
    // When the keychain says no here, the one before is accepted as well until the next unlock.
    await anchor.settleRecord(kept).catch(() => undefined);
    return kept;
  }

  async #newPassphraseSet(
    { install, keychain }: VaultRecord,
    { open, passphrase, rootSlot }: { readonly open: OpenKeys; readonly passphrase: Secret; readonly rootSlot: 0 | 1 },
  ): Promise<PassphraseSet> {
    const { anchor, cost } = this.#deps;
    const factor: KeychainFactor = keychain === 'file' ? {} : { rootSecret: randomBytes(keyLength) };
    const { rootSecret } = factor;
    try {
      const wrapped = await wrapWithPassphrase(open.masterKey, { passphrase, ...factor }, { install, cost });
      await anchor.keepFactor(install, rootSlot, rootSecret);
      const check = rootSecret === undefined ? {} : { rootCheck: rootCheckOf(install, rootSecret) };
      return { id: 'passphrase', ...wrapped, rootSlot, ...check };
    } finally {
      rootSecret?.fill(0);
    }
  }
}

/** What the record says of recovery codes. */
export function recoveryStateOf(record: VaultRecord | undefined): RecoveryState {
  const sets = record === undefined ? [] : recoverySetsOf(record);
  const newest = sets.at(-1);
  if (newest === undefined) {
    return record?.changedOutsideAt === undefined ? { state: 'none' } : { state: 'lost', at: record.changedOutsideAt };
  }
  if (newest.testedAt !== undefined) return { state: 'tested', at: newest.testedAt };
  return { state: 'untested', at: newest.madeAt, ...(sets.length > 1 ? { olderWorks: true } : {}) };
}

function isSameJwk(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): boolean {
  return ['kty', 'crv', 'x', 'y'].every((member) => one[member] === other[member]);
}
