/**
 * How a secret comes back to a page: sealed (HPKE, as presence is) to a key that the page makes for that one call and names in its
 * input. Presence covers the input, so nobody else can put a key of theirs there.
 */
import { fromBase64Url, presenceSuite, toBase64Url } from './seal-presence.ts';

/** HPKE `info`. */
const replyInfo = 'counterfoil/reply/v1';
/** Bytes of an uncompressed P-256 point. */
const encLength = 65;

const encoder = new TextEncoder();

export interface ReplyKey {
  /** Raw public key, base64url. */
  readonly publicKey: string;
  /** Opens what came back. Throws for anything that was not sealed to this key for this operation. */
  open(sealed: string): Promise<string>;
}

/** A key for the answer of one call. Its private half cannot leave the page. */
export async function createReplyKey(operation: string): Promise<ReplyKey> {
  const suite = presenceSuite();
  const keys = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, false, ['deriveBits']);
  const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', keys.publicKey));
  return {
    publicKey: toBase64Url(publicKey),
    async open(sealed) {
      const bytes = fromBase64Url(sealed);
      const recipient = await suite.createRecipientContext({
        recipientKey: keys,
        enc: bytes.slice(0, encLength).buffer,
        info: infoOf(operation),
      });
      return new TextDecoder().decode(await recipient.open(bytes.slice(encLength).buffer));
    },
  };
}

/** True for a key that {@link sealReply} can seal to. */
export function isReplyKey(publicKey: string): Promise<boolean> {
  return presenceSuite()
    .kem.deserializePublicKey(fromBase64Url(publicKey).buffer)
    .then(
      () => true,
      () => false,
    );
}

/** Seals a secret for the page that asked. Throws when `publicKey` is none. */
export async function sealReply(publicKey: string, operation: string, secret: string): Promise<string> {
  const suite = presenceSuite();
  const recipientPublicKey = await suite.kem.deserializePublicKey(fromBase64Url(publicKey).buffer);
  const sender = await suite.createSenderContext({ recipientPublicKey, info: infoOf(operation) });
  const ciphertext = new Uint8Array(await sender.seal(encoder.encode(secret).buffer));
  const joined = new Uint8Array(encLength + ciphertext.length);
  joined.set(new Uint8Array(sender.enc));
  joined.set(ciphertext, encLength);
  return toBase64Url(joined);
}

function infoOf(operation: string): ArrayBuffer {
  return encoder.encode(`${replyInfo} ${operation}`).buffer;
}
