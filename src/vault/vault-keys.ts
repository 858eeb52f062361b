import { createPrivateKey, createPublicKey, hkdfSync, type KeyObject, sign } from 'node:crypto';
import { keyLength } from './wrap-master-key.ts';

/**
 * The children of the master key, while the vault is unlocked.
 *
 * `destroy` zeroes the buffers. The signing key is held by OpenSSL, which wipes it when it is collected.
 */
export class VaultKeys {
  readonly seal: Buffer;
  readonly row: Buffer;
  /** For the MAC over the list of factor sets. */
  readonly record: Buffer;
  /** For what was sealed while locked. */
  readonly box: Buffer;
  readonly serverPublicJwk: Readonly<Record<string, string>>;
  #server: KeyObject | undefined;

  /** Does not keep `masterKey`; the caller zeroes it. */
  constructor(masterKey: Buffer) {
    this.seal = child(masterKey, 'seal/v1');
    this.row = child(masterKey, 'row-mac/v1');
    this.record = child(masterKey, 'vault-record/v2');
    this.box = child(masterKey, 'locked-box/v1');
    this.#server = serverKey(masterKey);
    const { kty, crv, x, y } = createPublicKey(this.#server).export({ format: 'jwk' });
    this.serverPublicJwk = { kty: kty ?? '', crv: crv ?? '', x: x ?? '', y: y ?? '' };
  }

  /** ES256, r‖s. */
  sign(data: Uint8Array): Buffer {
    if (this.#server === undefined) throw new Error('The keys are destroyed.');
    return sign('sha256', data, { key: this.#server, dsaEncoding: 'ieee-p1363' });
  }

  destroy(): void {
    this.seal.fill(0);
    this.row.fill(0);
    this.record.fill(0);
    this.box.fill(0);
    this.#server = undefined;
  }
}

function child(masterKey: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', masterKey, Buffer.alloc(0), `counterfoil/${purpose}`, keyLength));
}

/** Order of P-256. */
const order = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex');
/** PKCS #8 of a P-256 private key without its public half, up to the scalar. */
const pkcs8Prefix = Buffer.from('3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420', 'hex');

/**
 * The scalar comes from HKDF by testing candidates, so the same master key always gives the same signing key.
 *
 * @see FIPS 186-5, A.2.2
 */
function serverKey(masterKey: Buffer): KeyObject {
  for (let attempt = 0; ; attempt += 1) {
    const scalar = child(masterKey, `server-signing/v1/${attempt}`);
    if (scalar.some((byte) => byte !== 0) && Buffer.compare(scalar, order) < 0) {
      const der = Buffer.concat([pkcs8Prefix, scalar]);
      scalar.fill(0);
      try {
        return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
      } finally {
        der.fill(0);
      }
    }
  }
}
