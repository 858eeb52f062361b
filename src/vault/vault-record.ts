import { createHmac, timingSafeEqual } from 'node:crypto';
import { Refusal } from '../base/errors.ts';
import type { Keychain } from '../platform/keychain.ts';
import type { Statement, Store } from '../store/store.ts';
import { framed } from './framed.ts';

/** Kept beside the salt and bound to the wrapped key as associated data (security rule 22). */
export interface ScryptParameters {
  readonly name: 'scrypt';
  readonly N: number;
  readonly r: number;
  readonly p: number;
  /** base64url, 32 bytes. */
  readonly salt: string;
}

/** For what nobody can guess: stretching would only cost time. */
export interface HkdfParameters {
  readonly name: 'hkdf-sha256';
  /** Random bits of the code. */
  readonly bits: number;
  /** base64url, 32 bytes. */
  readonly salt: string;
}

export type KdfParameters = ScryptParameters | HkdfParameters;

/** Passphrase and keychain secret; the passphrase alone where the keychain is a file. */
export interface PassphraseSet {
  readonly id: 'passphrase';
  readonly kdf: ScryptParameters;
  /** The master key sealed under this set's key, base64url. */
  readonly wrapped: string;
  /** Which of two keychain items has the secret. Absent in a record of version 1: the first. */
  readonly rootSlot?: 0 | 1;
  /** Tells another keychain secret from a wrong passphrase. Absent in version 1, and without a keychain. */
  readonly rootCheck?: string;
}

/** A printed code alone. Up to two: the newest, and a tested one that it will replace. */
export interface RecoverySet {
  readonly id: 'recovery';
  readonly kdf: HkdfParameters;
  readonly wrapped: string;
  readonly madeAt: number;
  /** When the person typed it back. */
  readonly testedAt?: number;
}

/** One way to the master key. */
export type FactorSet = PassphraseSet | RecoverySet;

/** What is readable about the vault without any factor. */
export interface VaultRecord {
  /** 1: one set, no MAC; made anew at the next unlock. */
  readonly version: 1 | 2;
  /** Random; names this installation in the keychain. */
  readonly install: string;
  /** Which keychain this installation began with. Changes only when the person recovers. */
  readonly keychain: Keychain['kind'];
  readonly factorSets: readonly FactorSet[];
  /** Public half of the server's signing key, for `/jwks` while locked. Compared at unlock. */
  readonly serverPublicJwk: Readonly<Record<string, string>>;
  /** When this record was found changed from outside; until a new recovery code is made. */
  readonly changedOutsideAt?: number;
  /** base64url HMAC under a vault key over everything else. Checked at unlock, the first time that the key is there. */
  readonly mac?: string;
}

/** N of scrypt for a new vault: about 0.4 s and 128 MiB. */
export const scryptCostDefault = 2 ** 17;
/** 1 GiB: more would let an edited record exhaust the memory. */
const scryptCostAtMost = 2 ** 20;
/** Bits of a recovery code. */
export const recoveryBits = 160;

const recordKey = 'vault';

/** Refuses `vault_damaged` when there is a record that cannot be one. */
export function findVaultRecord(store: Store): VaultRecord | undefined {
  const row = store.first<{ value: Uint8Array }>('SELECT value FROM meta WHERE key = ?', recordKey);
  if (row === undefined) return undefined;
  try {
    return parseRecord(JSON.parse(Buffer.from(row.value).toString('utf8')));
  } catch (error) {
    throw damaged(error);
  }
}

/** True when there is a record, whatever its shape. */
export function hasVaultRecord(store: Store): boolean {
  return store.first('SELECT 1 FROM meta WHERE key = ?', recordKey) !== undefined;
}

/** The statement that keeps the first record. Refuses `conflict` when there is one. */
export function insertVaultRecord(record: VaultRecord): Statement {
  return {
    sql: 'INSERT INTO meta (key, value) VALUES (?, ?)',
    values: [recordKey, Buffer.from(JSON.stringify(record))],
    mustChangeOne: true,
  };
}

/** The statement that keeps a record in place of the one before. */
export function updateVaultRecord(record: VaultRecord): Statement {
  return {
    sql: 'UPDATE meta SET value = ? WHERE key = ?',
    values: [Buffer.from(JSON.stringify(record)), recordKey],
    mustChangeOne: true,
  };
}

/** The record with the MAC that covers it. */
export function withMac(record: VaultRecord, key: Buffer): VaultRecord {
  return { ...record, mac: macOf(record, key).toString('base64url') };
}

/** True when nothing in the record was changed by anybody without the key: no set added, taken away or exchanged. */
export function isIntact(record: VaultRecord, key: Buffer): boolean {
  const given = Buffer.from(record.mac ?? '', 'base64url');
  const wanted = macOf(record, key);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

/** `JSON.stringify` of what `JSON.parse` gave keeps the order of its members, so equal content has equal bytes. */
function macOf(record: VaultRecord, key: Buffer): Buffer {
  const covered = JSON.stringify({ ...record, mac: undefined });
  return createHmac('sha256', key).update(framed('counterfoil/vault-record/v2', covered)).digest();
}

/**
 * Refuses `vault_damaged` for parameters that would make guessing cheap or exhaust the memory.
 *
 * @param floor N of scrypt, at least. Lower than the default only where a test lowered it.
 */
export function assertKdfWithinBounds(kdf: KdfParameters, floor: number): void {
  // security: rule 22
  const fits =
    kdf.name === 'scrypt'
      ? kdf.N >= floor && kdf.N <= scryptCostAtMost && Number.isInteger(Math.log2(kdf.N)) && kdf.r === 8 && kdf.p === 1
      : kdf.bits === recoveryBits;
  if (!fits || bytesOf(kdf.salt) !== 32) throw damaged(new Error('KDF parameters out of bounds'));
}

export function damaged(cause: unknown): Refusal {
  return new Refusal('vault_damaged', 'The record of the vault is damaged. Restore it from a copy.', { cause });
}

/** The set with the passphrase; every record has one. */
export function passphraseSetOf(record: VaultRecord): PassphraseSet {
  const set = record.factorSets.find((one) => one.id === 'passphrase');
  if (set === undefined) throw damaged(new Error('no passphrase set'));
  return set;
}

/** The sets of printed codes, oldest first. */
export function recoverySetsOf(record: VaultRecord): readonly RecoverySet[] {
  return record.factorSets.filter((set) => set.id === 'recovery');
}

function parseRecord(value: unknown): VaultRecord {
  const record = value as VaultRecord;
  const isRecord =
    (record.version === 1 || record.version === 2) &&
    typeof record.install === 'string' &&
    /^[\w-]{16,64}$/.test(record.install) &&
    ['os', 'file', 'memory'].includes(record.keychain) &&
    typeof record.serverPublicJwk === 'object' &&
    record.serverPublicJwk.kty === 'EC' &&
    ['undefined', 'number'].includes(typeof record.changedOutsideAt) &&
    ['undefined', 'string'].includes(typeof record.mac) &&
    areFactorSets(record.factorSets);
  if (!isRecord) throw new TypeError('not a vault record');
  return record;
}

function areFactorSets(sets: readonly FactorSet[]): boolean {
  const passphrases = sets.filter(isPassphraseSet).length;
  const codes = sets.filter(isRecoverySet).length;
  return passphrases === 1 && codes <= 2 && sets.length === passphrases + codes;
}

function isPassphraseSet(set: FactorSet): boolean {
  if (set.id !== 'passphrase' || !isWrapped(set)) return false;
  const { rootSlot, rootCheck } = set;
  return (
    set.kdf.name === 'scrypt' &&
    (rootSlot === undefined || rootSlot === 0 || rootSlot === 1) &&
    ['undefined', 'string'].includes(typeof rootCheck)
  );
}

function isRecoverySet(set: FactorSet): boolean {
  if (set.id !== 'recovery' || !isWrapped(set)) return false;
  return (
    set.kdf.name === 'hkdf-sha256' &&
    Number.isSafeInteger(set.madeAt) &&
    (set.testedAt === undefined || Number.isSafeInteger(set.testedAt))
  );
}

function isWrapped({ kdf, wrapped }: FactorSet): boolean {
  return typeof kdf.salt === 'string' && typeof wrapped === 'string';
}

function bytesOf(text: string): number {
  return Buffer.from(text, 'base64url').length;
}
