import { afterEach, describe, expect, test } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { memoryKeychain } from '../../src/platform/keychain/memory.ts';
import type { Keychain } from '../../src/platform/keychain.ts';
import { createVault, type Vault } from '../../src/vault/vault.ts';
import { type Keep, openKeep, testPassphrase, testScryptCost } from '../support/open-keep.ts';
import { editRecord, recordOf } from './vault-record.ts';

const keeps: Keep[] = [];
afterEach(() => {
  for (const keep of keeps.splice(0)) keep.close();
});

async function opened(options: Parameters<typeof openKeep>[0] = {}): Promise<Keep> {
  const keep = await openKeep(options);
  keeps.push(keep);
  return keep;
}

const secret = (text: string) => Secret.fromText(text);
const right = () => secret(testPassphrase);
const nextPassphrase = 'meadow lantern copper walrus engine';
const next = () => secret(nextPassphrase);
const otherCode = () => Secret.fromBytes(Buffer.alloc(20, 9));

/** Makes a code and types it back. */
async function tested(keep: Keep): Promise<Secret> {
  const code = await keep.vault.makeRecoveryCode(right());
  await keep.vault.confirmRecoveryCode(code);
  return code;
}

describe('a recovery code (security rule 22)', () => {
  test('is 160 random bits, another one each time, and no byte of it is kept', async () => {
    const keep = await opened();
    const codes = [await keep.vault.makeRecoveryCode(right()), await keep.vault.makeRecoveryCode(right())];
    const [first, second] = codes.map((code) => code.open((bytes) => bytes.toString('hex')));
    expect(first).toHaveLength(40);
    expect(second).not.toBe(first);
    const kept = JSON.stringify(recordOf(keep));
    for (const code of codes) {
      for (const form of ['hex', 'base64', 'base64url', 'latin1'] as const)
        expect(kept).not.toContain(code.open((bytes) => bytes.toString(form)));
    }
  });

  test('is none, then made and not tested, then tested, each with its time', async () => {
    const keep = await opened();
    expect(keep.vault.recovery()).toEqual({ state: 'none' });
    const code = await keep.vault.makeRecoveryCode(right());
    const madeAt = keep.clock.now();
    expect(keep.vault.recovery()).toEqual({ state: 'untested', at: madeAt });
    await keep.clock.advance(60_000);
    await keep.vault.confirmRecoveryCode(code);
    expect(keep.vault.recovery()).toEqual({ state: 'tested', at: madeAt + 60_000 });
    expect((await keep.restart()).vault.recovery()).toEqual({ state: 'tested', at: madeAt + 60_000 });
  });

  test('is made with the passphrase only, and not while locked', async () => {
    const keep = await opened();
    await expect(keep.vault.makeRecoveryCode(secret('wrong'))).rejects.toMatchObject({ code: 'passphrase_wrong' });
    keep.vault.lock();
    await expect(keep.vault.makeRecoveryCode(right())).rejects.toMatchObject({ code: 'vault_locked' });
    expect(keep.vault.recovery()).toEqual({ state: 'none' });
  });

  test('a tested one opens until its successor was typed back; an untested one ends with its successor', async () => {
    const keep = await opened();
    const first = await tested(keep);
    const dropped = await keep.vault.makeRecoveryCode(right());
    expect(keep.vault.recovery()).toMatchObject({ state: 'untested', olderWorks: true });
    const last = await keep.vault.makeRecoveryCode(right());
    keep.vault.lock();
    await expect(keep.vault.recover(dropped, next())).rejects.toMatchObject({ code: 'recovery_code_wrong' });
    await keep.vault.recover(first, next());
    await keep.vault.confirmRecoveryCode(last);
    keep.vault.lock();
    await expect(keep.vault.recover(first, right())).rejects.toMatchObject({ code: 'recovery_code_wrong' });
    await keep.vault.recover(last, right());
  });

  test('another code is no proof that the newest one was written down', async () => {
    const keep = await opened();
    const older = await tested(keep);
    await keep.vault.makeRecoveryCode(right());
    await expect(keep.vault.confirmRecoveryCode(older)).rejects.toMatchObject({ code: 'recovery_code_wrong' });
    await expect(keep.vault.confirmRecoveryCode(otherCode())).rejects.toMatchObject({ code: 'recovery_code_wrong' });
    expect(keep.vault.recovery()).toMatchObject({ state: 'untested' });
  });
});

describe('recovering (security rules 21 and 22)', () => {
  test('opens with the code alone, where the keychain item is gone, and puts a new passphrase in place', async () => {
    const keep = await opened();
    const code = await tested(keep);
    const sealed = keep.vault.seal({ purpose: 'test', id: '1' }, Buffer.from('kept'));
    keep.vault.lock();
    await keep.keychain.delete(`root/${recordOf(keep).install}`);
    await keep.vault.recover(code, next());
    expect(keep.vault.state()).toBe('unlocked');
    expect(keep.vault.open({ purpose: 'test', id: '1' }, sealed, String)).toBe('kept');
    keep.vault.lock();
    await expect(keep.unlock()).rejects.toMatchObject({ code: 'passphrase_wrong' });
    await keep.vault.unlock(next());
  });

  test('makes a new keychain secret: the one before opens nothing, even with the old passphrase and the old record', async () => {
    const keep = await opened();
    const code = await tested(keep);
    const before = recordOf(keep);
    const items = new Map<string, Uint8Array | undefined>();
    for (const slot of ['', '/2']) items.set(slot, await keep.keychain.get(`root/${before.install}${slot}`));
    keep.vault.lock();
    await keep.vault.recover(code, next());
    keep.vault.lock();
    expect(await keep.keychain.get(`root/${before.install}`)).toBeUndefined();
    expect(await keep.keychain.get(`root/${before.install}/2`)).toBeDefined();
    expect(await keep.keychain.get(`root/${before.install}/2`)).not.toEqual(items.get(''));
    editRecord(keep, () => before);
    await expect(keep.unlock()).rejects.toMatchObject({ code: 'data_missing' });
  });

  test('the code stays valid, and counts as tested', async () => {
    const keep = await opened();
    const code = await keep.vault.makeRecoveryCode(right());
    keep.vault.lock();
    await keep.vault.recover(code, next());
    expect(keep.vault.recovery()).toMatchObject({ state: 'tested' });
    keep.vault.lock();
    await keep.vault.recover(code, right());
  });

  test('a weak new passphrase is refused and everything stays as it was', async () => {
    const keep = await opened();
    const code = await tested(keep);
    keep.vault.lock();
    const before = recordOf(keep);
    for (const weak of ['', 'password', 'correct horse battery staple']) {
      await expect(keep.vault.recover(code, secret(weak))).rejects.toMatchObject({ code: 'passphrase_weak' });
      expect(keep.vault.state()).toBe('locked');
    }
    expect(recordOf(keep)).toEqual(before);
    await keep.unlock();
  });

  test('a keychain that says no leaves everything as it was', async () => {
    const keep = await opened();
    const code = await tested(keep);
    keep.vault.lock();
    const set = keep.keychain.set.bind(keep.keychain);
    Object.assign(keep.keychain, { set: () => Promise.reject(new Error('full')) });
    await expect(keep.vault.recover(code, next())).rejects.toThrow('full');
    expect(keep.vault.state()).toBe('locked');
    Object.assign(keep.keychain, { set });
    await keep.unlock();
  });

  test('a program that ends between keychain and record leaves the old passphrase working', async () => {
    const keep = await opened();
    const set = keep.keychain.set.bind(keep.keychain);
    const commit = keep.store.commit.bind(keep.store);
    Object.assign(keep.keychain, {
      set: async (item: string, value: Uint8Array) => {
        await set(item, value);
        if (item.startsWith('root/')) Object.assign(keep.store, { commit: fail });
      },
    });
    await expect(keep.vault.changePassphrase(right(), next())).rejects.toThrow('killed');
    Object.assign(keep.store, { commit });
    keep.vault.lock();
    await keep.unlock();
  });

  const otherKind = (kind: Keychain['kind'], keychain = memoryKeychain()): Keychain => ({ ...keychain, kind });

  test('goes on with the keychain that there is now', async () => {
    const keep = await opened({ keychain: otherKind('os') });
    const code = await tested(keep);
    keep.vault.lock();
    const file = otherKind('file');
    const vault: Vault = createVault({ ...keep, keychain: file, scryptCost: testScryptCost });
    await vault.assertComplete();
    expect(vault.missing()).toMatchObject({ code: 'keychain_unavailable' });
    await expect(vault.unlock(right())).rejects.toMatchObject({ code: 'keychain_unavailable' });
    await vault.recover(code, next());
    expect(vault.missing()).toBeUndefined();
    vault.lock();
    await vault.assertComplete();
    expect(vault.missing()).toBeUndefined();
    await vault.unlock(next());
    vault.lock();
  });

  test('is for a vault that is locked, and that has a code', async () => {
    const keep = await opened();
    await expect(keep.vault.recover(otherCode(), next())).rejects.toMatchObject({ code: 'conflict' });
    keep.vault.lock();
    await expect(keep.vault.recover(otherCode(), next())).rejects.toMatchObject({ code: 'not_found' });
    const absent = await opened({ vault: 'absent' });
    await expect(absent.vault.recover(otherCode(), next())).rejects.toMatchObject({ code: 'vault_absent' });
  });

  test('a lock in the middle wins', async () => {
    const keep = await opened();
    const code = await tested(keep);
    keep.vault.lock();
    const recovering = keep.vault.recover(code, next());
    keep.vault.lock();
    await expect(recovering).rejects.toMatchObject({ code: 'vault_locked' });
    expect(keep.vault.state()).toBe('locked');
  });
});

describe('changing the passphrase (security rule 21)', () => {
  test('needs the one before; afterwards only the new one opens, and a recovery code stays', async () => {
    const keep = await opened();
    const code = await tested(keep);
    await expect(keep.vault.changePassphrase(secret('wrong'), next())).rejects.toMatchObject({ code: 'passphrase_wrong' });
    await keep.vault.changePassphrase(right(), next());
    expect(keep.vault.state()).toBe('unlocked');
    await keep.vault.verifyPassphrase(next());
    keep.vault.lock();
    await expect(keep.unlock()).rejects.toMatchObject({ code: 'passphrase_wrong' });
    await keep.vault.unlock(next());
    keep.vault.lock();
    await keep.vault.recover(code, right());
  });

  test('a weak new one is refused, and the one before stays', async () => {
    const keep = await opened();
    for (const weak of ['', 'password', 'correct horse battery staple'])
      await expect(keep.vault.changePassphrase(right(), secret(weak))).rejects.toMatchObject({ code: 'passphrase_weak' });
    await keep.vault.verifyPassphrase(right());
  });

  test('is refused while locked', async () => {
    const keep = await opened({ vault: 'locked' });
    await expect(keep.vault.changePassphrase(right(), next())).rejects.toMatchObject({ code: 'vault_locked' });
  });

  test('also where the keychain is a file, many times over', async () => {
    const keep = await opened({ keychain: { ...memoryKeychain(), kind: 'file' } });
    await keep.vault.changePassphrase(right(), next());
    await keep.vault.changePassphrase(next(), right());
    await keep.vault.changePassphrase(right(), next());
    keep.vault.lock();
    await keep.vault.assertComplete();
    await keep.vault.unlock(next());
  });
});

function fail(): never {
  throw new Error('killed');
}
