import { createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { VaultKeys } from '../../src/vault/vault-keys.ts';
import { type Keep, openKeep, testPassphrase } from '../support/open-keep.ts';

let keep: Keep;
beforeEach(async () => {
  keep = await openKeep();
});
afterEach(() => keep.close());

const context = { purpose: 'connections.credentials', id: 'connection_1' };
const text = (bytes: Buffer) => bytes.toString('utf8');
const tampered = expect.objectContaining({ code: 'row_tampered' }) as Error;
const locked = expect.objectContaining({ code: 'vault_locked' }) as Error;

describe('a sealed value', () => {
  test('opens where it was sealed, also after a restart', async () => {
    const sealed = keep.vault.seal(context, Buffer.from('hidden'));
    expect(keep.vault.open(context, sealed, text)).toBe('hidden');
    keep = await keep.restart();
    await keep.unlock();
    expect(keep.vault.open(context, sealed, text)).toBe('hidden');
  });

  test('an empty one opens as empty', () => {
    expect(keep.vault.open(context, keep.vault.seal(context, new Uint8Array()), text)).toBe('');
  });

  test('is different each time', () => {
    const [one, two] = [0, 1].map(() => keep.vault.seal(context, Buffer.from('hidden')));
    expect(one).not.toEqual(two);
  });

  test('does not open in another place', () => {
    const sealed = keep.vault.seal(context, Buffer.from('hidden'));
    const others = [
      { ...context, id: 'connection_2' },
      { ...context, purpose: 'connections.keys' },
      { purpose: 'connections.credentialsconnection', id: '_1' },
    ];
    for (const other of others) expect(() => keep.vault.open(other, sealed, text)).toThrow(tampered);
  });

  test('does not open in another vault', async () => {
    const other = await openKeep();
    const sealed = other.vault.seal(context, Buffer.from('hidden'));
    other.close();
    expect(() => keep.vault.open(context, sealed, text)).toThrow(tampered);
  });

  test('any flipped bit and any cut is found', () => {
    const sealed = keep.vault.seal(context, Buffer.from('hidden'));
    fc.assert(
      fc.property(fc.nat(sealed.length - 1), fc.nat(7), (at, bit) => {
        const flipped = Uint8Array.from(sealed);
        flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
        expect(() => keep.vault.open(context, flipped, text)).toThrow(tampered);
      }),
    );
    for (let length = 0; length < sealed.length; length += 1) {
      expect(() => keep.vault.open(context, sealed.subarray(0, length), text)).toThrow(tampered);
    }
  });

  test('is lent for one call: its bytes are zero afterwards, also when the borrower throws', () => {
    const sealed = keep.vault.seal(context, Buffer.from('hidden'));
    const lent: Buffer[] = [];
    keep.vault.open(context, sealed, (bytes) => lent.push(bytes));
    const borrow = () =>
      keep.vault.open(context, sealed, (bytes) => {
        lent.push(bytes);
        throw new Error('borrower');
      });
    expect(borrow).toThrow('borrower');
    expect(lent.map((bytes) => [...bytes])).toEqual([Array(6).fill(0), Array(6).fill(0)]);
  });
});

describe('while locked', () => {
  test('nothing is sealed, opened, authenticated or signed', async () => {
    const sealed = keep.vault.seal(context, Buffer.from('hidden'));
    await keep.vault.putKey('broker/a/b', Secret.fromText('key'));
    keep.vault.lock();
    expect(() => keep.vault.seal(context, Buffer.from('x'))).toThrow(locked);
    expect(() => keep.vault.open(context, sealed, text)).toThrow(locked);
    expect(() => keep.vault.signAsServer(Buffer.from('x'))).toThrow(locked);
    expect(keep.vault.rowMac(Buffer.from('x'))).toBeUndefined();
    await expect(keep.vault.openKey('broker/a/b', text)).rejects.toThrow(locked);
    await expect(keep.vault.putKey('broker/a/c', Secret.fromText('key'))).rejects.toThrow(locked);
  });

  test('locking zeroes the keys', () => {
    const keys = new VaultKeys(Buffer.alloc(32, 9));
    const { seal, row } = keys;
    expect(seal.some((byte) => byte !== 0) && row.some((byte) => byte !== 0)).toBe(true);
    expect(seal.equals(row)).toBe(false);
    keys.destroy();
    expect([...seal, ...row].every((byte) => byte === 0)).toBe(true);
    expect(() => keys.sign(Buffer.from('x'))).toThrow();
  });
});

describe('the key that signs for the server', () => {
  test('signs ES256, is the same after a restart, and its public half is known while locked', async () => {
    const jwk = keep.vault.serverPublicJwk();
    expect(Object.keys(jwk ?? {}).sort()).toEqual(['crv', 'kty', 'x', 'y']);
    keep = await keep.restart();
    expect(keep.vault.serverPublicJwk()).toEqual(jwk);
    await keep.unlock();
    const data = Buffer.from('header.payload');
    const signature = keep.vault.signAsServer(data);
    expect(signature).toHaveLength(64);
    const key = createPublicKey({ key: { ...jwk }, format: 'jwk' });
    expect(verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
  });

  test('there is none before there is a vault, and each vault has its own', async () => {
    const other = await openKeep({ vault: 'absent' });
    expect(other.vault.serverPublicJwk()).toBeUndefined();
    await other.vault.create(Secret.fromText(testPassphrase));
    expect(other.vault.serverPublicJwk()).not.toEqual(keep.vault.serverPublicJwk());
    other.close();
  });
});

describe('key items', () => {
  test('are kept sealed, lent, and destroyed', async () => {
    await keep.vault.putKey('broker/a/b', Secret.fromText('private key'));
    expect(await keep.vault.openKey('broker/a/b', text)).toBe('private key');
    expect(Buffer.from((await keep.keychain.get('broker/a/b')) ?? []).includes('private')).toBe(false);
    expect(await keep.vault.hasKey('broker/a/b')).toBe(true);
    await keep.vault.deleteKey('broker/a/b');
    await keep.vault.deleteKey('broker/a/b');
    expect(await keep.vault.hasKey('broker/a/b')).toBe(false);
    await expect(keep.vault.openKey('broker/a/b', text)).rejects.toMatchObject({ code: 'not_found' });
  });

  test('can be destroyed while locked: that only ever takes authority away', async () => {
    await keep.vault.putKey('broker/a/b', Secret.fromText('private key'));
    keep.vault.lock();
    await keep.vault.deleteKey('broker/a/b');
    expect(await keep.vault.hasKey('broker/a/b')).toBe(false);
  });

  test('one put in the place of another is found', async () => {
    await keep.vault.putKey('broker/a/b', Secret.fromText('of b'));
    await keep.vault.putKey('broker/a/c', Secret.fromText('of c'));
    await keep.keychain.set('broker/a/b', (await keep.keychain.get('broker/a/c')) ?? new Uint8Array());
    await expect(keep.vault.openKey('broker/a/b', text)).rejects.toThrow(tampered);
  });
});

describe('what can be seen', () => {
  test('no secret is printed by inspecting, serialising or refusing', async () => {
    const secret = Secret.fromText('very hidden');
    const sealed = keep.vault.seal(context, Buffer.from('very hidden'));
    const refusal = await keep.vault.unlock(Secret.fromText('very hidden')).catch((error: unknown) => error);
    const deep = { depth: 12, showHidden: true };
    const seen = [
      inspect(keep.vault, deep),
      JSON.stringify({ secret, vault: keep.vault }),
      inspect(refusal, deep),
      `${secret.toString()} ${inspect(secret, deep)}`,
      Buffer.from(sealed).toString('latin1'),
    ];
    for (const shown of seen) expect(shown).not.toMatch(/very hidden|umbrella|76657279/);
  });

  test('no secret is readable on disk', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'counterfoil-disk-'));
    const onDisk = await openKeep({ file: join(folder, 'counterfoil.db') });
    try {
      const sealed = onDisk.vault.seal(context, Buffer.from('very hidden'));
      onDisk.store.commit([{ sql: 'INSERT INTO meta VALUES (?, ?)', values: ['sealed', sealed] }]);
      const bytes = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
      expect(bytes.length).toBeGreaterThan(0);
      for (const file of bytes)
        for (const word of ['very hidden', 'umbrella', testPassphrase]) expect(file.includes(word)).toBe(false);
    } finally {
      onDisk.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
