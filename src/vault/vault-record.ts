import { Refusal } from '../base/errors.ts';
import type { Keychain } from '../platform/keychain.ts';
import type { Statement, Store } from '../store/store.ts';

/** Kept beside the salt and bound to the wrapped key as associated data (security rule 22). */
export interface KdfParameters {
  readonly name: 'scrypt';
  readonly N: number;
  readonly r: number;
  readonly p: number;
  /** base64url, 32 bytes. */
  readonly salt: string;
}

/** One way to the master key. */
export interface FactorSet {
  readonly id: 'passphrase';
  readonly kdf: KdfParameters;
  /** The master key sealed under this set's key, base64url. */
  readonly wrapped: string;
}

/** What is readable about the vault without any factor. */
export interface VaultRecord {
  readonly version: 1;
  /** Random; names this installation in the keychain. */
  readonly install: string;
  /** Which keychain this installation began with. It never changes silently. */
  readonly keychain: Keychain['kind'];
  readonly factorSets: readonly FactorSet[];
  /** Public half of the server's signing key, for `/jwks` while locked. Compared at unlock. */
  readonly serverPublicJwk: Readonly<Record<string, string>>;
}

/** N of scrypt for a new vault: about 0.4 s and 128 MiB. */
export const scryptCostDefault = 2 ** 17;
/** 1 GiB: more would let an edited record exhaust the memory. */
const scryptCostAtMost = 2 ** 20;

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

/**
 * Refuses `vault_damaged` for parameters that would make guessing cheap or exhaust the memory.
 *
 * @param floor N, at least. Lower than the default only where a test lowered it.
 */
export function assertKdfWithinBounds(kdf: KdfParameters, floor: number): void {
  // security: rule 22
  const fits = kdf.N >= floor && kdf.N <= scryptCostAtMost && Number.isInteger(Math.log2(kdf.N)) && kdf.r === 8 && kdf.p === 1;
  if (!fits || bytesOf(kdf.salt) !== 32) throw damaged(new Error('KDF parameters out of bounds'));
}

export function damaged(cause: unknown): Refusal {
  return new Refusal('vault_damaged', 'The record of the vault is damaged. Restore it from a copy.', { cause });
}

function parseRecord(value: unknown): VaultRecord {
  const record = value as VaultRecord;
  const [set] = record.factorSets;
  const isRecord =
    record.version === 1 &&
    typeof record.install === 'string' &&
    /^[\w-]{16,64}$/.test(record.install) &&
    ['os', 'file', 'memory'].includes(record.keychain) &&
    record.factorSets.length === 1 &&
    typeof record.serverPublicJwk === 'object' &&
    record.serverPublicJwk.kty === 'EC' &&
    set !== undefined &&
    isFactorSet(set);
  if (!isRecord) throw new TypeError('not a vault record');
  return record;
}

function isFactorSet(set: FactorSet): boolean {
  const { id, kdf, wrapped } = set;
  return id === 'passphrase' && kdf.name === 'scrypt' && typeof kdf.salt === 'string' && typeof wrapped === 'string';
}

function bytesOf(text: string): number {
  return Buffer.from(text, 'base64url').length;
}
