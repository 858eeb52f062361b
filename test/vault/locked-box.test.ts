import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { boxPublicKey } from '../../src/vault/locked-box.ts';
import { type Keep, openKeep } from '../support/open-keep.ts';

let keep: Keep;
beforeEach(async () => {
  keep = await openKeep();
});
afterEach(() => keep.close());

const context = { purpose: 'requests', id: 'request_1' };
const text = (bytes: Buffer) => bytes.toString('utf8');
const tampered = expect.objectContaining({ code: 'row_tampered' }) as Error;
const locked = expect.objectContaining({ code: 'vault_locked' }) as Error;

function boxed(value = 'hidden'): Uint8Array {
  const box = keep.vault.box(context, Buffer.from(value));
  if (box === undefined) throw new Error('nothing was sealed');
  return box;
}

describe('what is sealed to the vault (security rules 3 and 23)', () => {
  test('is sealed while locked, and opens once it is unlocked, also after a restart', async () => {
    keep.vault.lock();
    const box = boxed();
    expect(() => keep.vault.unbox(context, box, text)).toThrow(locked);
    keep = await keep.restart();
    await keep.unlock();
    expect(keep.vault.unbox(context, box, text)).toBe('hidden');
  });

  test('is sealed while unlocked just so', () => {
    expect(keep.vault.unbox(context, boxed(), text)).toBe('hidden');
  });

  test('shows nothing and is different each time', () => {
    const [one, two] = [boxed(), boxed()];
    expect(one).not.toEqual(two);
    expect(Buffer.from(one).includes('hidden')).toBe(false);
  });

  test('does not open in another place', () => {
    const box = boxed();
    expect(() => keep.vault.unbox({ ...context, id: 'request_2' }, box, text)).toThrow(tampered);
  });

  test('does not open in another vault', async () => {
    const box = boxed();
    const other = await openKeep();
    expect(() => other.vault.unbox(context, box, text)).toThrow(tampered);
    other.close();
  });

  test('any flipped bit and any cut is found', () => {
    const box = boxed();
    for (let at = 0; at < box.length * 8; at += 1) {
      const flipped = Uint8Array.from(box);
      flipped[at >> 3] = (flipped[at >> 3] ?? 0) ^ (1 << (at & 7));
      // the highest bit of an X25519 coordinate means nothing (RFC 7748, 5); it is bound by the key all the same
      expect(() => keep.vault.unbox(context, flipped, text)).toThrow(tampered);
    }
    for (const length of [0, 1, 31, 32, 60, box.length - 1])
      expect(() => keep.vault.unbox(context, box.subarray(0, length), text)).toThrow(tampered);
  });

  test('to a key that another program put in place does not open, and the next unlock puts ours back', async () => {
    const secret = randomBytes(32);
    keep.vault.lock();
    keep.store.commit([{ sql: "UPDATE meta SET value = ? WHERE key = 'locked-box'", values: [boxPublicKey(secret)] }]);
    const theirs = boxed();
    await keep.unlock();
    expect(() => keep.vault.unbox(context, theirs, text)).toThrow(tampered);
    keep.vault.lock();
    const ours = boxed();
    await keep.unlock();
    expect(keep.vault.unbox(context, ours, text)).toBe('hidden');
  });

  test('needs a vault that was opened once', async () => {
    const absent = await openKeep({ vault: 'absent' });
    expect(absent.vault.box(context, Buffer.from('hidden'))).toBeUndefined();
    absent.close();
  });

  test('with a public key of another length seals nothing', () => {
    keep.vault.lock();
    keep.store.commit([{ sql: "UPDATE meta SET value = ? WHERE key = 'locked-box'", values: [randomBytes(31)] }]);
    expect(keep.vault.box(context, Buffer.from('hidden'))).toBeUndefined();
  });
});
