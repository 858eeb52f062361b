/**
 * Sealing without the vault's keys: to a public key whose private half only an open vault has. For what arrives while locked and
 * must not rest readable. X25519 with a fresh key for each value, HKDF, AES-256-GCM: `ephemeral ‖ sealed`.
 *
 * The public half rests in `meta`. Another program can put its own there, and then reads what arrives until the next unlock; that
 * replaces it. What was sealed to it does not open.
 */
import { createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync, hkdfSync, type KeyObject } from 'node:crypto';
import { Refusal } from '../base/errors.ts';
import type { Store } from '../store/store.ts';
import { framed } from './framed.ts';
import { openBytes, sealBytes } from './sealing.ts';
import { keyLength } from './wrap-master-key.ts';

const pkcs8Prefix = Buffer.from('302e020100300506032b656e04220420', 'hex');
const spkiPrefix = Buffer.from('302a300506032b656e032100', 'hex');
const publicLength = 32;
const metaKey = 'locked-box';

/** The public half of `secret`, 32 random bytes. */
export function boxPublicKey(secret: Buffer): Buffer {
  return rawOf(createPublicKey(privateOf(secret)));
}

/** Seals `plaintext` for whoever has the secret of `publicKey`; `context` is authenticated with it. */
export function sealToBox(publicKey: Uint8Array, context: Buffer, plaintext: Uint8Array): Buffer {
  const fresh = generateKeyPairSync('x25519');
  const ephemeral = rawOf(fresh.publicKey);
  const shared = diffieHellman({ privateKey: fresh.privateKey, publicKey: publicOf(publicKey) });
  const key = keyOf(shared, ephemeral, publicKey);
  try {
    return Buffer.concat([ephemeral, sealBytes(key, context, plaintext)]);
  } finally {
    key.fill(0);
  }
}

/** The plaintext, for the caller to zero. Refuses `row_tampered` when it was sealed to another key, or anything differs. */
export function openFromBox(secret: Buffer, context: Buffer, boxed: Uint8Array): Buffer {
  const ephemeral = boxed.subarray(0, publicLength);
  let shared: Buffer;
  try {
    shared = diffieHellman({ privateKey: privateOf(secret), publicKey: publicOf(ephemeral) });
  } catch (cause) {
    throw new Refusal('row_tampered', 'A sealed value was changed outside this program and is not used.', { cause });
  }
  const key = keyOf(shared, ephemeral, boxPublicKey(secret));
  try {
    return openBytes(key, context, boxed.subarray(publicLength));
  } finally {
    key.fill(0);
  }
}

/** The public key that rests in the store, `undefined` before the first unlock that kept one. */
export function findBoxKey(store: Store): Uint8Array | undefined {
  const value = store.first<{ value: Uint8Array }>('SELECT value FROM meta WHERE key = ?', metaKey)?.value;
  return value?.length === publicLength ? value : undefined;
}

/** Puts the right public key in place; writes nothing when it is there. */
export function settleBoxKey(store: Store, publicKey: Uint8Array): void {
  const kept = findBoxKey(store);
  if (kept !== undefined && Buffer.compare(kept, publicKey) === 0) return;
  store.commit([{ sql: 'INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)', values: [metaKey, publicKey] }]);
}

function keyOf(shared: Buffer, ephemeral: Uint8Array, publicKey: Uint8Array): Buffer {
  try {
    return Buffer.from(
      hkdfSync('sha256', shared, Buffer.alloc(0), framed('counterfoil/locked-box/v1', ephemeral, publicKey), keyLength),
    );
  } finally {
    shared.fill(0);
  }
}

function privateOf(secret: Buffer): KeyObject {
  const der = Buffer.concat([pkcs8Prefix, secret]);
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } finally {
    der.fill(0);
  }
}

function publicOf(raw: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([spkiPrefix, raw]), format: 'der', type: 'spki' });
}

function rawOf(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' }).subarray(-publicLength);
}
