import { createCipheriv, hkdfSync, randomBytes, scryptSync } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { VaultKeys } from '../../src/vault/vault-keys.ts';
import { type Keep, openKeep, testPassphrase } from '../support/open-keep.ts';
import { type EditableRecord, editRecord, recordOf } from './vault-record.ts';

const keeps: Keep[] = [];
afterEach(() => {
  for (const keep of keeps.splice(0)) keep.close();
});

const right = () => Secret.fromText(testPassphrase);
const next = () => Secret.fromText('meadow lantern copper walrus engine');

interface Watched {
  readonly keep: Keep;
  readonly code: Secret;
  /** How often a change from outside was reported. */
  readonly reports: () => number;
}

/** A locked vault with a tested recovery code. */
async function watched(): Promise<Watched> {
  const keep = await openKeep();
  keeps.push(keep);
  let count = 0;
  keep.vault.onFactorsChangedOutside(() => {
    count += 1;
  });
  const code = await keep.vault.makeRecoveryCode(right());
  await keep.vault.confirmRecoveryCode(code);
  keep.vault.lock();
  return { keep, code, reports: () => count };
}

const edits: Readonly<Record<string, (record: EditableRecord) => EditableRecord | void>> = {
  'the recovery set taken away': (record) => void record.factorSets.splice(1),
  'a recovery set of somebody else added': (record) => void record.factorSets.push({ ...record.factorSets[1]!, wrapped: 'AAAA' }),
  'the recovery set exchanged': (record) => {
    record.factorSets[1]!.wrapped = Buffer.alloc(61).toString('base64url');
  },
  'the recovery set said to be untested': (record) => {
    const set = record.factorSets[1];
    if (set?.id === 'recovery') delete set.testedAt;
  },
  'the MAC taken away': (record) => {
    delete record.mac;
  },
  'the MAC of somebody else': (record) => {
    record.mac = Buffer.alloc(32).toString('base64url');
  },
  'an older version of the record, which has neither MAC nor recovery set': ({
    install,
    keychain,
    factorSets,
    serverPublicJwk,
  }) => ({
    version: 1,
    install,
    keychain,
    factorSets: factorSets.slice(0, 1),
    serverPublicJwk,
  }),
};

describe.each(Object.keys(edits))('%s by a program that writes the database (security rules 3 and 22)', (name) => {
  const change = edits[name]!;

  test('is reported at unlock; the passphrase opens, and no other set is kept', async () => {
    const { keep, code, reports } = await watched();
    editRecord(keep, change);
    await keep.unlock();
    expect(reports()).toBe(1);
    expect(keep.vault.recovery()).toEqual({ state: 'lost', at: keep.clock.now() });
    expect(recordOf(keep).factorSets.map(({ id }) => id)).toEqual(['passphrase']);
    keep.vault.lock();
    await expect(keep.vault.recover(code, next())).rejects.toMatchObject({ code: 'not_found' });
    await keep.unlock();
    expect(reports()).toBe(1);
  });

  test('while unlocked is reported at the next use of the passphrase, and never taken over', async () => {
    const { keep, reports } = await watched();
    await keep.unlock();
    editRecord(keep, change);
    await keep.vault.changePassphrase(right(), next());
    expect(reports()).toBe(1);
    expect(keep.vault.recovery()).toMatchObject({ state: 'lost' });
    keep.vault.lock();
    await keep.vault.unlock(next());
    expect(reports()).toBe(1);
  });
});

describe('a list of factors that was changed from outside (security rule 22)', () => {
  test('the code still opens when it is there, and the rest is made anew', async () => {
    const { keep, code, reports } = await watched();
    editRecord(keep, edits['the MAC taken away']!);
    await keep.vault.recover(code, next());
    expect(reports()).toBe(1);
    expect(keep.vault.recovery()).toMatchObject({ state: 'tested' });
    keep.vault.lock();
    await keep.vault.unlock(next());
    expect(reports()).toBe(1);
  });

  test('while unlocked is not confirmed by typing the code', async () => {
    const { keep, code, reports } = await watched();
    await keep.unlock();
    editRecord(keep, edits['the recovery set said to be untested']!);
    await expect(keep.vault.confirmRecoveryCode(code)).rejects.toMatchObject({ code: 'row_tampered' });
    expect(reports()).toBe(1);
  });

  test('a new recovery code ends the warning', async () => {
    const { keep } = await watched();
    editRecord(keep, edits['the recovery set taken away']!);
    await keep.unlock();
    await keep.vault.makeRecoveryCode(right());
    expect(keep.vault.recovery()).toMatchObject({ state: 'untested' });
  });

  test('a recovery set with other parameters than a code has is refused without trying', async () => {
    const { keep, code } = await watched();
    for (const changes of [{ bits: 40 }, { bits: 10_000 }, { salt: '' }, { salt: 'AAAA' }]) {
      const kept = recordOf(keep);
      editRecord(keep, (record) => void Object.assign(record.factorSets[1]!.kdf, changes));
      await expect(keep.vault.recover(code, next())).rejects.toMatchObject({ code: 'vault_damaged' });
      editRecord(keep, () => kept);
    }
    await keep.vault.recover(code, next());
  });

  test('a recovery set of another installation opens nothing here', async () => {
    const { keep } = await watched();
    const other = await watched();
    editRecord(keep, (record) => void record.factorSets.splice(1, 1, recordOf(other.keep).factorSets[1]!));
    await expect(keep.vault.recover(other.code, next())).rejects.toMatchObject({ code: 'recovery_code_wrong' });
  });
});

describe('an older list of factors that is put back with the MAC it had (security rules 8 and 22)', () => {
  test('is reported, at unlock and while unlocked, and the code made since is not silently gone', async () => {
    for (const when of ['locked', 'unlocked'] as const) {
      const { keep, reports } = await watched();
      const older = recordOf(keep);
      await keep.unlock();
      await keep.vault.confirmRecoveryCode(await keep.vault.makeRecoveryCode(right()));
      if (when === 'locked') keep.vault.lock();
      editRecord(keep, () => older);
      if (when === 'locked') await keep.unlock();
      else await keep.vault.verifyPassphrase(right());
      expect(reports()).toBe(1);
      expect(keep.vault.recovery()).toMatchObject({ state: 'lost' });
      keep.vault.lock();
      await keep.unlock();
      expect(reports()).toBe(1);
    }
  });

  test('a program that ends before or after the record was written raises no alarm', async () => {
    for (const written of [false, true]) {
      const { keep, reports } = await watched();
      const older = recordOf(keep);
      await keep.unlock();
      const commit = keep.store.commit.bind(keep.store);
      Object.assign(keep.store, {
        commit: (change: Parameters<typeof commit>[0]) => {
          const isRecord = change.some(({ values }) => values.includes('vault'));
          if (written || !isRecord) commit(change);
          if (isRecord) throw new Error('killed');
        },
      });
      await expect(keep.vault.makeRecoveryCode(right())).rejects.toThrow('killed');
      Object.assign(keep.store, { commit });
      keep.vault.lock();
      await keep.unlock();
      expect(reports()).toBe(0);
      expect(keep.vault.recovery()).toMatchObject({ state: written ? 'untested' : 'tested' });
      if (!written) continue;
      // From that unlock on only the newer one is known.
      keep.vault.lock();
      editRecord(keep, () => older);
      await keep.unlock();
      expect(reports()).toBe(1);
    }
  });

  test('a full disk, however often the person tries again, raises no alarm and takes no code away', async () => {
    const { keep, code, reports } = await watched();
    await keep.unlock();
    const commit = keep.store.commit.bind(keep.store);
    Object.assign(keep.store, {
      commit: (change: Parameters<typeof commit>[0]) => {
        if (change.some(({ values }) => values.includes('vault'))) throw new Error('full');
        commit(change);
      },
    });
    for (let tries = 0; tries < 3; tries += 1) await expect(keep.vault.changePassphrase(right(), next())).rejects.toThrow('full');
    Object.assign(keep.store, { commit });
    keep.vault.lock();
    await keep.unlock();
    expect(reports()).toBe(0);
    keep.vault.lock();
    await keep.vault.recover(code, next());
  });

  test('an older list is found where the item that names the newest was removed', async () => {
    const { keep, code, reports } = await watched();
    const older = recordOf(keep);
    await keep.unlock();
    await keep.vault.confirmRecoveryCode(await keep.vault.makeRecoveryCode(right()));
    keep.vault.lock();
    editRecord(keep, () => older);
    await keep.keychain.delete(`record/${older.install}`);
    await keep.unlock();
    expect(reports()).toBe(1);
    keep.vault.lock();
    await expect(keep.vault.recover(code, next())).rejects.toMatchObject({ code: 'not_found' });
    await keep.unlock();
    expect(reports()).toBe(1);
  });

  test('the one just before is found as well', async () => {
    const { keep, reports } = await watched();
    const older = recordOf(keep);
    await keep.unlock();
    await keep.vault.makeRecoveryCode(right());
    keep.vault.lock();
    editRecord(keep, () => older);
    await keep.unlock();
    expect(reports()).toBe(1);
  });
});

/** What the first version of this program wrote, by the format and not by our code. */
async function firstVersion(keep: Keep): Promise<EditableRecord> {
  const framed = (...parts: readonly string[]) =>
    Buffer.concat(
      parts.flatMap((part) => {
        const length = Buffer.alloc(4);
        length.writeUInt32BE(Buffer.byteLength(part));
        return [length, Buffer.from(part)];
      }),
    );
  const [masterKey, rootSecret, salt, nonce] = [randomBytes(32), randomBytes(32), randomBytes(32), randomBytes(12)];
  const install = randomBytes(16).toString('base64url');
  const kdf = { name: 'scrypt' as const, N: 16, r: 8, p: 1, salt: salt.toString('base64url') };
  const stretched = scryptSync(testPassphrase, salt, 32, { N: 16, r: 8, p: 1 });
  const key = Buffer.from(hkdfSync('sha256', Buffer.concat([stretched, rootSecret]), '', 'counterfoil/wrapping/v1', 32));
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(framed('counterfoil/wrapped/v1', install, 'passphrase', 'scrypt', '16/8/1', kdf.salt));
  const wrapped = Buffer.concat([Buffer.of(1), nonce, cipher.update(masterKey), cipher.final(), cipher.getAuthTag()]);
  await keep.keychain.set(`root/${install}`, rootSecret);
  const { serverPublicJwk } = new VaultKeys(masterKey);
  return {
    version: 1,
    install,
    keychain: 'memory',
    factorSets: [{ id: 'passphrase', kdf, wrapped: wrapped.toString('base64url') }],
    serverPublicJwk: { ...serverPublicJwk },
  };
}

describe('a vault of the first version', () => {
  test('opens, and its record has a MAC from then on', async () => {
    const keep = await openKeep({ vault: 'locked' });
    keeps.push(keep);
    const first = await firstVersion(keep);
    editRecord(keep, () => first);
    let reports = 0;
    keep.vault.onFactorsChangedOutside(() => {
      reports += 1;
    });
    await keep.vault.assertComplete();
    await expect(keep.vault.unlock(next())).rejects.toMatchObject({ code: 'passphrase_wrong' });
    await keep.unlock();
    expect(recordOf(keep)).toMatchObject({ version: 2, install: first.install, mac: expect.any(String) as string });
    keep.vault.lock();
    await keep.unlock();
    expect(reports).toBe(0);
    expect(keep.vault.recovery()).toEqual({ state: 'none' });
  });
});
