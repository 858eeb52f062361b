import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { isRefusal } from '../../src/base/errors.ts';
import { Secret } from '../../src/base/secret.ts';
import { type Keep, openKeep } from '../support/open-keep.ts';

let keep: Keep;
afterEach(() => keep.close());

/** What a wrong passphrase is answered: seconds to wait, 0 for none. */
async function wrong(): Promise<number> {
  try {
    await keep.vault.unlock(Secret.fromText('wrong'));
  } catch (error) {
    if (isRefusal(error, 'passphrase_wrong')) return error.retryAfterSeconds ?? 0;
    throw error;
  }
  throw new Error('a wrong passphrase was taken');
}

async function wrongTimes(times: number): Promise<readonly number[]> {
  const waits: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const seconds = await wrong();
    waits.push(seconds);
    await keep.clock.advance(seconds * 1000);
  }
  return waits;
}

describe('a wrong passphrase', () => {
  test('waits from the third failure on, twice as long each time, 60 seconds at most', async () => {
    keep = await openKeep({ vault: 'locked' });
    expect(await wrongTimes(11)).toEqual([0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
    await keep.unlock();
  });

  test('while it waits nothing is tried, not even the right one', async () => {
    keep = await openKeep({ vault: 'locked' });
    await wrongTimes(4);
    expect(await wrong()).toBe(4);
    await keep.clock.advance(3000);
    await expect(keep.unlock()).rejects.toMatchObject({ code: 'passphrase_wrong', retryAfterSeconds: 1 });
    expect(await wrong()).toBe(1);
    await keep.clock.advance(1000);
    await keep.unlock();
  });

  test('the right one ends the count', async () => {
    keep = await openKeep({ vault: 'locked' });
    await wrongTimes(5);
    await keep.unlock();
    keep.vault.lock();
    expect(await wrongTimes(3)).toEqual([0, 0, 1]);
  });

  test('the wait outlives a restart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'counterfoil-vault-'));
    try {
      keep = await openKeep({ vault: 'locked', file: join(folder, 'counterfoil.db') });
      await wrongTimes(5);
      expect(await wrong()).toBe(8);
      keep = await keep.restart();
      await expect(keep.unlock()).rejects.toMatchObject({ code: 'passphrase_wrong', retryAfterSeconds: 8 });
      await keep.clock.advance(8000);
      expect(await wrong()).toBe(16);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('a clock that is set back neither ends the wait nor makes it endless', async () => {
    keep = await openKeep({ vault: 'locked' });
    await wrongTimes(3);
    expect(await wrong()).toBe(2);
    keep.clock.set(keep.clock.now() - 3_600_000);
    await expect(keep.unlock()).rejects.toMatchObject({ retryAfterSeconds: 2 });
    await keep.clock.advance(2000);
    await keep.unlock();
  });

  test('is counted before it is tried: ending the process in the middle gives nothing back', async () => {
    keep = await openKeep({ vault: 'locked' });
    await wrongTimes(3);
    const trying = keep.vault.unlock(Secret.fromText('wrong'));
    trying.catch(() => {});
    const count = () =>
      keep.store
        .first<{ text: string }>("SELECT CAST(value AS TEXT) AS text FROM meta WHERE key = 'vault.failures'")
        ?.text.split(' ')[0];
    for (let turn = 0; turn < 20 && count() === '3'; turn += 1) await Promise.resolve();
    expect(count()).toBe('4');
    await expect(trying).rejects.toMatchObject({ code: 'passphrase_wrong' });
    expect(count()).toBe('4');
  });

  test('a count that cannot be read is many failures, not none', async () => {
    keep = await openKeep({ vault: 'locked' });
    keep.store.commit([{ sql: "INSERT INTO meta VALUES ('vault.failures', CAST('what' AS BLOB))", values: [] }]);
    await expect(keep.unlock()).rejects.toMatchObject({ retryAfterSeconds: 60 });
  });

  test('confirming presence counts with it', async () => {
    keep = await openKeep();
    for (let time = 0; time < 3; time += 1) await expect(keep.vault.verifyPassphrase(Secret.fromText('wrong'))).rejects.toThrow();
    keep.vault.lock();
    await expect(keep.unlock()).rejects.toMatchObject({ code: 'passphrase_wrong', retryAfterSeconds: 1 });
  });

  test('different ones at the same time are tried one after the other', async () => {
    keep = await openKeep({ vault: 'locked' });
    const results = await Promise.allSettled(
      Array.from({ length: 6 }, (_, index) => keep.vault.unlock(Secret.fromText(`wrong ${index}`))),
    );
    const waits = results.map((result) =>
      result.status === 'rejected' && isRefusal(result.reason) ? result.reason.retryAfterSeconds : 'taken',
    );
    expect(waits).toEqual([undefined, undefined, 1, 1, 1, 1]);
  });

  test('a keychain that says no is not counted', async () => {
    keep = await openKeep({ vault: 'locked' });
    const get = keep.keychain.get.bind(keep.keychain);
    Object.assign(keep.keychain, { get: () => Promise.reject(new Error('locked')) });
    for (let time = 0; time < 5; time += 1) await expect(keep.unlock()).rejects.toThrow('locked');
    Object.assign(keep.keychain, { get });
    await keep.unlock();
  });
});
