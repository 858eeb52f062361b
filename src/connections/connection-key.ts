import { calculateJwkThumbprint, type JWK } from 'jose';
import { type Configuration, type DPoPHandle, getDPoPHandle, randomDPoPKeyPair } from 'openid-client';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };

/** The DPoP key of one connection, ready to sign with. */
export interface ConnectionKey {
  readonly pair: CryptoKeyPair;
  /** RFC 7638, SHA-256. */
  readonly thumbprint: string;
}

/** A new key pair. The private half is exportable only so that it can be sealed. */
export async function makeConnectionKey(): Promise<{ readonly key: ConnectionKey; readonly privateJwk: JWK }> {
  const pair = await randomDPoPKeyPair('ES256', { extractable: true });
  const privateJwk = (await crypto.subtle.exportKey('jwk', pair.privateKey)) as JWK;
  return { key: await importConnectionKey(privateJwk), privateJwk };
}

/** The key pair that was sealed; from here on the private half cannot be exported. */
export async function importConnectionKey(privateJwk: JWK): Promise<ConnectionKey> {
  const { kty, crv, x, y } = privateJwk;
  const publicJwk = { kty, crv, x, y } as JWK;
  const [privateKey, publicKey] = await Promise.all([
    crypto.subtle.importKey('jwk', { ...publicJwk, d: privateJwk.d } as JsonWebKey, algorithm, false, ['sign']),
    crypto.subtle.importKey('jwk', publicJwk as JsonWebKey, algorithm, true, ['verify']),
  ]);
  return { pair: { privateKey, publicKey }, thumbprint: await calculateJwkThumbprint(publicJwk) };
}

/** Makes proofs with the connection key; keeps the newest nonce by itself. */
export function proofsBy(config: Configuration, key: ConnectionKey): DPoPHandle {
  return getDPoPHandle(config, key.pair);
}
