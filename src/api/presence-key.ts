import { generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { type PresencePlaintext, presenceInfo, presencePlaintext } from '../contract/presence.ts';
import { fromBase64Url, presenceSuite } from '../contract/seal-presence.ts';

/** Bytes of an uncompressed P-256 point, which stands before the ciphertext. */
const encLength = 65;

/** The HPKE key of this run of the program (security rule 10): what was sealed for an earlier run opens nowhere. */
export class PresenceKey {
  /** Raw public key, base64url. */
  readonly publicKey: string;
  readonly #private: JsonWebKey;

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#private = privateKey.export({ format: 'jwk' });
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    const point = [Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')];
    this.publicKey = Buffer.concat(point).toString('base64url');
  }

  /** Opens sealed presence. `undefined` when it was not sealed for this key, or says something else. */
  async open(sealed: string): Promise<PresencePlaintext | undefined> {
    try {
      const bytes = fromBase64Url(sealed);
      const suite = presenceSuite();
      const context = await suite.createRecipientContext({
        recipientKey: {
          privateKey: await suite.kem.importKey('jwk', this.#private, false),
          publicKey: await suite.kem.deserializePublicKey(fromBase64Url(this.publicKey).buffer),
        },
        enc: bytes.slice(0, encLength).buffer,
        info: new TextEncoder().encode(presenceInfo).buffer,
      });
      const plaintext = await context.open(bytes.slice(encLength).buffer);
      return presencePlaintext.safeParse(JSON.parse(new TextDecoder().decode(plaintext))).data;
    } catch {
      return undefined;
    }
  }
}
