import { hkdfSync, randomBytes, scrypt } from 'node:crypto';
import { isRefusal, Refusal } from '../base/errors.ts';
import type { Secret } from '../base/secret.ts';
import { framed } from './framed.ts';
import { openBytes, sealBytes } from './sealing.ts';
import type { FactorSet, KdfParameters } from './vault-record.ts';

/** What a factor set is made of. */
export interface Factors {
  readonly passphrase: Secret;
  /** From the keychain; absent where the keychain is a file, which protects nothing by itself. */
  readonly rootSecret?: Buffer;
}

export const keyLength = 32;

/** Wraps the master key under a new factor set of this installation. */
export async function wrapMasterKey(
  masterKey: Buffer,
  factors: Factors,
  place: { readonly install: string; readonly cost: number },
): Promise<FactorSet> {
  const kdf: KdfParameters = { name: 'scrypt', N: place.cost, r: 8, p: 1, salt: randomBytes(32).toString('base64url') };
  const key = await deriveWrappingKey(kdf, factors);
  try {
    return { id: 'passphrase', kdf, wrapped: sealBytes(key, contextOf(kdf, place.install), masterKey).toString('base64url') };
  } finally {
    key.fill(0);
  }
}

/**
 * The master key, for the caller to zero. Refuses `passphrase_wrong` whichever factor does not fit.
 * The parameters' bounds have been checked by the caller.
 */
export async function unwrapMasterKey(set: FactorSet, factors: Factors, install: string): Promise<Buffer> {
  const key = await deriveWrappingKey(set.kdf, factors);
  try {
    return openBytes(key, contextOf(set.kdf, install), Buffer.from(set.wrapped, 'base64url'));
  } catch (error) {
    if (!isRefusal(error, 'row_tampered')) throw error;
    throw new Refusal('passphrase_wrong', 'That is not the passphrase.');
  } finally {
    key.fill(0);
  }
}

/** `HKDF(scrypt(passphrase) ‖ root secret)`. */
async function deriveWrappingKey(kdf: KdfParameters, factors: Factors): Promise<Buffer> {
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
async function stretch(kdf: KdfParameters, passphrase: Secret): Promise<Buffer> {
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

/** Everything a reader of the record relies on, so that none of it can be exchanged. */
function contextOf(kdf: KdfParameters, install: string): Buffer {
  return framed('counterfoil/wrapped/v1', install, 'passphrase', kdf.name, `${kdf.N}/${kdf.r}/${kdf.p}`, kdf.salt);
}
