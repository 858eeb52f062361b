import { hkdfSync, randomBytes, scrypt } from 'node:crypto';
import { isRefusal } from '../base/errors.ts';
import type { Secret } from '../base/secret.ts';
import { framed } from './framed.ts';
import { openBytes, sealBytes } from './sealing.ts';
import {
  type FactorSet,
  type HkdfParameters,
  type KdfParameters,
  recoveryBits,
  type ScryptParameters,
  type VaultRecord,
} from './vault-record.ts';

/** What the passphrase set is made of. */
export interface PassphraseFactors {
  readonly passphrase: Secret;
  /** From the keychain; absent where the keychain is a file, which protects nothing by itself. */
  readonly rootSecret?: Buffer;
}

/** What a factor set is made of. */
export type Factors = PassphraseFactors | { readonly code: Secret };

/** A wrapped key with what it was wrapped by. */
export interface Wrapped<Kdf extends KdfParameters> {
  readonly kdf: Kdf;
  /** base64url. */
  readonly wrapped: string;
}

export const keyLength = 32;

/** Wraps the master key under a passphrase (and a keychain secret) of this installation. */
export async function wrapWithPassphrase(
  masterKey: Buffer,
  factors: PassphraseFactors,
  place: { readonly install: string; readonly cost: number },
): Promise<Wrapped<ScryptParameters>> {
  const kdf: ScryptParameters = { name: 'scrypt', N: place.cost, r: 8, p: 1, salt: newSalt() };
  return { kdf, wrapped: await wrap(masterKey, factors, { kdf, install: place.install }) };
}

/** Wraps the master key under a recovery code of this installation. */
export async function wrapWithCode(masterKey: Buffer, code: Secret, install: string): Promise<Wrapped<HkdfParameters>> {
  const kdf: HkdfParameters = { name: 'hkdf-sha256', bits: recoveryBits, salt: newSalt() };
  return { kdf, wrapped: await wrap(masterKey, { code }, { kdf, install }) };
}

/** An opened set: the master key, for the caller to zero, and the version of the record that the set was made for. */
export interface Opened<Set extends FactorSet = FactorSet> {
  readonly masterKey: Buffer;
  readonly set: Set;
  readonly madeFor: VaultRecord['version'];
}

/**
 * Opens a set, or returns `undefined` when a factor does not fit, whichever. The parameters' bounds have been checked by the
 * caller. The caller compares `madeFor` with the record: a set cannot be carried over into a record without a MAC unnoticed.
 */
export async function unwrapMasterKey<Set extends FactorSet>(
  set: Set,
  factors: Factors,
  install: string,
): Promise<Opened<Set> | undefined> {
  const key = await deriveWrappingKey(set.kdf, factors);
  const sealed = Buffer.from(set.wrapped, 'base64url');
  const tryFor = (madeFor: VaultRecord['version']): Opened<Set> | undefined => {
    try {
      return { masterKey: openBytes(key, contextOf({ kdf: set.kdf, install }, madeFor), sealed), set, madeFor };
    } catch (error) {
      if (isRefusal(error, 'row_tampered')) return undefined;
      throw error;
    }
  };
  try {
    return tryFor(2) ?? tryFor(1);
  } finally {
    key.fill(0);
  }
}

interface Place {
  readonly kdf: KdfParameters;
  readonly install: string;
}

async function wrap(masterKey: Buffer, factors: Factors, place: Place): Promise<string> {
  const key = await deriveWrappingKey(place.kdf, factors);
  try {
    return sealBytes(key, contextOf(place, 2), masterKey).toString('base64url');
  } finally {
    key.fill(0);
  }
}

/** `HKDF(scrypt(passphrase) ‖ root secret)`, or `HKDF(code)` under the salt. */
async function deriveWrappingKey(kdf: KdfParameters, factors: Factors): Promise<Buffer> {
  if (kdf.name === 'hkdf-sha256') {
    if (!('code' in factors)) throw new TypeError('a code opens this set');
    const salt = Buffer.from(kdf.salt, 'base64url');
    return factors.code.open((code) => Buffer.from(hkdfSync('sha256', code, salt, 'counterfoil/recovery/v1', keyLength)));
  }
  if (!('passphrase' in factors)) throw new TypeError('a passphrase opens this set');
  const stretched = await stretch(kdf, factors.passphrase);
  const material = Buffer.concat([stretched, factors.rootSecret ?? Buffer.alloc(0)]);
  try {
    return Buffer.from(hkdfSync('sha256', material, Buffer.alloc(0), 'counterfoil/wrapping/v1', keyLength));
  } finally {
    stretched.fill(0);
    material.fill(0);
  }
}

/** NFKC first: two keyboards can spell one passphrase with different bytes. */
async function stretch(kdf: ScryptParameters, passphrase: Secret): Promise<Buffer> {
  const { N, r, p } = kdf;
  const bytes = passphrase.openText((text) => Buffer.from(text.normalize('NFKC'), 'utf8'));
  const options = { N, r, p, maxmem: 256 * N * r };
  try {
    return await new Promise((resolve, reject) => {
      scrypt(bytes, Buffer.from(kdf.salt, 'base64url'), keyLength, options, (error, key) =>
        error === null ? resolve(key) : reject(error),
      );
    });
  } finally {
    bytes.fill(0);
  }
}

function newSalt(): string {
  return randomBytes(32).toString('base64url');
}

/** Everything a reader of the record relies on, so that none of it can be exchanged. */
function contextOf({ kdf, install }: Place, madeFor: VaultRecord['version']): Buffer {
  const name = `counterfoil/wrapped/v${madeFor}`;
  if (kdf.name === 'hkdf-sha256') return framed(name, install, 'recovery', kdf.name, String(kdf.bits), kdf.salt);
  return framed(name, install, 'passphrase', kdf.name, `${kdf.N}/${kdf.r}/${kdf.p}`, kdf.salt);
}
