import { createCipheriv, createDecipheriv, type DecipherGCM, randomBytes } from 'node:crypto';
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
  const plaintext = decipherAll(decipher, bytes.subarray(1 + nonceLength, -tagLength));
  try {
    decipher.final();
    return plaintext;
  } catch (error) {
    plaintext.fill(0);
    throw tampered(error);
  }
}

/** The C library hands the piece that was freed last to whoever asks next for as many bytes; up to this size, glibc does. */
const pieceLength = 1000;

/** Deciphers into memory of its own and leaves no copy behind. */
function decipherAll(decipher: DecipherGCM, ciphertext: Buffer): Buffer {
  const plaintext = Buffer.alloc(ciphertext.length);
  for (let start = 0; start < ciphertext.length; start += pieceLength) {
    const piece = decipher.update(ciphertext.subarray(start, start + pieceLength));
    piece.copy(plaintext, start);
    piece.fill(0);
    overwriteFreed(piece.length);
  }
  return plaintext;
}

/** A cipher that no secret passes. */
const overwriter = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16));

/**
 * Node deciphers into memory one byte too long, copies it, and frees it with the plaintext in it. Ciphering as many bytes takes
 * the same memory again and writes over it.
 */
function overwriteFreed(length: number): void {
  // security: without this the newest opened secret of each size stays in freed memory (goal M1). Twice, for the copy itself.
  for (let pass = 0; pass < 2; pass += 1) overwriter.update(Buffer.alloc(length));
}

function tampered(cause?: unknown): Refusal {
  return new Refusal('row_tampered', 'A sealed value was changed outside this program and is not used.', { cause });
}
