import { afterEach, describe, expect, test } from 'vitest';
import { createChanges } from '../../src/base/changes.ts';
import { Refusal } from '../../src/base/errors.ts';
import { Secret } from '../../src/base/secret.ts';
import { createVault } from '../../src/vault/vault.ts';
import { type Keep, openKeep, testPassphrase } from '../support/open-keep.ts';

let keep: Keep;
afterEach(() => keep.close());

const secret = (text: string) => Secret.fromText(text);
const right = () => secret(testPassphrase);
const order: string[] = [];
afterEach(() => order.splice(0));

describe('making a vault', () => {
  test('is absent, then unlocked, locked, and unlocked again after a restart', async () => {
    keep = await openKeep({ vault: 'absent' });
    expect(keep.vault.state()).toBe('absent');
    await keep.vault.create(right());
    expect(keep.vault.state()).toBe('unlocked');
    keep.vault.lock();
    expect(keep.vault.state()).toBe('locked');
    keep = await keep.restart();
    expect(keep.vault.state()).toBe('locked');
    await keep.unlock();
    expect(keep.vault.state()).toBe('unlocked');
  });

  test('happens once', async () => {
    keep = await openKeep({ vault: 'locked' });
    await expect(keep.vault.create(right())).rejects.toMatchObject({ code: 'vault_exists' });
    await keep.unlock();
  });

  test('of two at the same time one is made', async () => {
    keep = await openKeep({ vault: 'absent' });
    const results = await Promise.allSettled([
      keep.vault.create(right()),
      keep.vault.create(secret('other violin pickle tundra quartz')),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    keep.vault.lock();
    await keep.unlock();
  });

  test('a passphrase under 60 bits is refused and nothing is kept (security rule 21)', async () => {
    keep = await openKeep({ vault: 'absent' });
    for (const weak of [
      '',
      'password',
      'correct horse battery staple',
      'Tr0ub4dor&3',
      'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    ]) {
      await expect(keep.vault.create(secret(weak))).rejects.toMatchObject({ code: 'passphrase_weak' });
    }
    expect(keep.vault.state()).toBe('absent');
    expect(keep.store.all('SELECT key FROM meta')).toEqual([]);
  });

  test('a keychain that says no leaves no vault behind', async () => {
    keep = await openKeep({ vault: 'absent' });
    const set = keep.keychain.set.bind(keep.keychain);
    Object.assign(keep.keychain, { set: () => Promise.reject(new Error('no')) });
    await expect(keep.vault.create(right())).rejects.toThrow('no');
    expect(keep.vault.state()).toBe('absent');
    Object.assign(keep.keychain, { set });
    await keep.vault.create(right());
    expect(keep.vault.state()).toBe('unlocked');
  });

  test('a passphrase typed with other code points for the same characters opens it', async () => {
    keep = await openKeep({ vault: 'absent' });
    await keep.vault.create(secret('Zu\u0308rich umbrella quartz violin tundra pickle'));
    keep.vault.lock();
    await keep.vault.unlock(secret('Z\u00fcrich umbrella quartz violin tundra pickle'));
  });

  test('a vault made at the cost of a real one opens, and its record says that cost', { timeout: 30_000 }, async () => {
    keep = await openKeep({ vault: 'absent' });
    const real = createVault({ ...keep, changes: createChanges(() => {}) });
    await real.create(right());
    real.lock();
    await real.unlock(right());
    real.lock();
    const record: unknown = JSON.parse(
      keep.store.first<{ text: string }>("SELECT CAST(value AS TEXT) AS text FROM meta WHERE key = 'vault'")?.text ?? '',
    );
    expect(record).toMatchObject({ factorSets: [{ kdf: { name: 'scrypt', N: 131_072, r: 8, p: 1 } }] });
  });
});

describe('unlocking', () => {
  test('without a vault is refused as such', async () => {
    keep = await openKeep({ vault: 'absent' });
    await expect(keep.unlock()).rejects.toMatchObject({ code: 'vault_absent' });
  });

  test('runs what waits for it in order, before it is answered, and once', async () => {
    keep = await openKeep({ vault: 'locked' });
    keep.vault.onUnlock(async () => {
      await Promise.resolve();
      order.push(`first, ${keep.vault.state()}`);
    });
    keep.vault.onUnlock(() => void order.push('second'));
    keep.vault.onLock(() => void order.push(`locked, ${keep.vault.state()}`));
    await keep.unlock().then(() => order.push('answered'));
    await keep.unlock();
    keep.vault.lock();
    keep.vault.lock();
    expect(order).toEqual(['first, unlocked', 'second', 'answered', 'locked, locked']);
  });

  test('locks again when something that waits for it fails', async () => {
    keep = await openKeep({ vault: 'locked' });
    let fails = true;
    keep.vault.onUnlock(() => {
      if (fails) throw new Error('not now');
    });
    await expect(keep.unlock()).rejects.toThrow('not now');
    expect(keep.vault.state()).toBe('locked');
    fails = false;
    await keep.unlock();
    expect(keep.vault.state()).toBe('unlocked');
  });

  test('is locked whatever cannot be written down, does all that follows, and then tells what failed (goal R2)', async () => {
    keep = await openKeep();
    const full = new Refusal('store_failed', 'The disk is full.');
    keep.vault.onLock(() => {
      throw full;
    });
    keep.vault.onLock(() => void order.push(`after it, ${keep.vault.state()}`));
    expect(() => keep.vault.lock()).toThrow(
      expect.objectContaining({ code: 'store_failed', message: 'The vault is locked, but: The disk is full.', cause: full }),
    );
    expect(order).toEqual(['after it, locked']);
    expect(() => keep.vault.lock()).not.toThrow();
  });

  test('does not let a refusal hide an error of our own when locking', async () => {
    keep = await openKeep();
    for (const error of [new Refusal('store_failed', 'The disk is full.'), new TypeError('a mistake')]) {
      keep.vault.onLock(() => {
        throw error;
      });
    }
    expect(() => keep.vault.lock()).toThrow(AggregateError);
    expect(keep.vault.state()).toBe('locked');
  });

  test('a lock in the middle wins, while the passphrase is tried and while others are told', async () => {
    keep = await openKeep({ vault: 'locked' });
    const unlocking = keep.unlock();
    keep.vault.lock();
    await expect(unlocking).rejects.toMatchObject({ code: 'vault_locked' });
    expect(keep.vault.state()).toBe('locked');
    const lockOnce = { armed: true };
    keep.vault.onUnlock(() => {
      if (lockOnce.armed) keep.vault.lock();
    });
    await expect(keep.unlock()).rejects.toMatchObject({ code: 'vault_locked' });
    expect(keep.vault.state()).toBe('locked');
    lockOnce.armed = false;
    await keep.unlock();
  });

  test('tells of each change of state', async () => {
    keep = await openKeep();
    keep.vault.lock();
    await keep.unlock();
    expect(keep.notices).toEqual([{ topic: 'vault' }, { topic: 'vault' }, { topic: 'vault' }]);
  });

  test('when unlocked already only checks the passphrase', async () => {
    keep = await openKeep();
    await keep.unlock();
    await expect(keep.vault.unlock(secret('wrong'))).rejects.toMatchObject({ code: 'passphrase_wrong' });
    expect(keep.vault.state()).toBe('unlocked');
  });

  test('several with one passphrase at the same time are one try', async () => {
    keep = await openKeep({ vault: 'locked' });
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => keep.vault.unlock(secret('wrong'))));
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    await keep.unlock();
    keep.vault.lock();
    await Promise.all([keep.unlock(), keep.unlock(), keep.unlock()]);
    expect(keep.vault.state()).toBe('unlocked');
  });
});

describe('confirming presence', () => {
  test('the passphrase is checked, and the vault stays as it was', async () => {
    keep = await openKeep();
    await keep.vault.verifyPassphrase(right());
    await expect(keep.vault.verifyPassphrase(secret('wrong'))).rejects.toMatchObject({ code: 'passphrase_wrong' });
    expect(keep.vault.state()).toBe('unlocked');
  });

  test('is refused while locked, without trying', async () => {
    keep = await openKeep({ vault: 'locked' });
    await expect(keep.vault.verifyPassphrase(right())).rejects.toMatchObject({ code: 'vault_locked' });
  });
});
