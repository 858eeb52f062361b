import { Aes128Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from '@hpke/core';
import { type PresencePlaintext, presenceInfo } from './presence.ts';

const encoder = new TextEncoder();

/** Unpadded base64url (RFC 4648, section 5). */
export function toBase64Url(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCodePoint(byte);
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** The bytes of base64url text. Throws on any other text. */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (character) => character.codePointAt(0) ?? 0);
}

/** The suite of security rule 10; the same object opens in the core. */
export function presenceSuite(): CipherSuite {
  return new CipherSuite({ kem: new DhkemP256HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes128Gcm() });
}

/** base64url SHA-256 over the JSON text of an operation's input. */
export async function digestInput(input: string): Promise<string> {
  return toBase64Url(new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode(input))));
}

interface PresenceToSeal extends Omit<PresencePlaintext, 'inputDigest'> {
  readonly input: string;
}

/** Seals a passphrase for one operation with one input, in one session. base64url of `enc ‖ ciphertext`. */
export async function sealPresence(coreKey: Uint8Array, presence: PresenceToSeal): Promise<string> {
  const { input, ...rest } = presence;
  const plaintext: PresencePlaintext = { ...rest, inputDigest: await digestInput(input) };
  const suite = presenceSuite();
  const recipientPublicKey = await suite.kem.deserializePublicKey(Uint8Array.from(coreKey).buffer);
  const sender = await suite.createSenderContext({ recipientPublicKey, info: encoder.encode(presenceInfo).buffer });
  const ciphertext = new Uint8Array(await sender.seal(encoder.encode(JSON.stringify(plaintext)).buffer));
  const enc = new Uint8Array(sender.enc);
  const joined = new Uint8Array(enc.length + ciphertext.length);
  joined.set(enc);
  joined.set(ciphertext, enc.length);
  return toBase64Url(joined);
}
