import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Refusal } from '../base/errors.ts';

/** First byte of everything sealed, so that another scheme can follow. */
const scheme = 1;
const nonceLength = 12;
const tagLength = 16;
const overhead = 1 + nonceLength + tagLength;

/** AES-256-GCM under a random nonce: `scheme ‖ nonce ‖ ciphertext ‖ tag`. `context` is authenticated with it. */
export function sealBytes(key: Buffer, context: Buffer, plaintext: Uint8Array): Buffer {
  const nonce = randomBytes(nonceLength);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagLength });
  cipher.setAAD(context);
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([Buffer.of(scheme), nonce, ciphertext, cipher.getAuthTag()]);
}

/** The plaintext, for the caller to zero. Refuses `row_tampered` when key, context or a single bit differs. */
export function openBytes(key: Buffer, context: Buffer, sealed: Uint8Array): Buffer {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  if (bytes.length < overhead || bytes[0] !== scheme) throw tampered();
  const nonce = bytes.subarray(1, 1 + nonceLength);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagLength });
  decipher.setAAD(context);
  decipher.setAuthTag(bytes.subarray(-tagLength));
  const head = decipher.update(bytes.subarray(1 + nonceLength, -tagLength));
  try {
    decipher.final();
    return head;
  } catch (error) {
    head.fill(0);
    throw tampered(error);
  }
}

function tampered(cause?: unknown): Refusal {
  return new Refusal('row_tampered', 'A sealed value was changed outside this program and is not used.', { cause });
}
