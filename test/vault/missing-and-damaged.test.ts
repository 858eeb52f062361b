import { afterEach, describe, expect, test } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { memoryKeychain } from '../../src/platform/keychain/memory.ts';
import type { Keychain } from '../../src/platform/keychain.ts';
import { createVault } from '../../src/vault/vault.ts';
import { type Keep, openKeep, testPassphrase } from '../support/open-keep.ts';

const keeps: Keep[] = [];
afterEach(() => {
  for (const keep of keeps.splice(0)) keep.close();
});

async function opened(options: Parameters<typeof openKeep>[0] = {}): Promise<Keep> {
  const keep = await openKeep(options);
  keeps.push(keep);
  return keep;
}

const right = () => Secret.fromText(testPassphrase);
interface EditableRecord {
  install: string;
  keychain: string;
  factorSets: [
    { id: string; kdf: { name: string; N: number; r: number; p: number; salt: string }; wrapped: string; rootCheck?: string },
  ];
  serverPublicJwk: Record<string, string>;
}

const recordOf = (keep: Keep) =>
  JSON.parse(
    keep.store.first<{ text: string }>("SELECT CAST(value AS TEXT) AS text FROM meta WHERE key = 'vault'")?.text ?? '',
  ) as EditableRecord;

function edit(keep: Keep, change: (record: EditableRecord) => void): void {
  const record = recordOf(keep);
  change(record);
  keep.store.commit([
    { sql: "UPDATE meta SET value = ? WHERE key = 'vault'", values: [Buffer.from(JSON.stringify(record))], mustChangeOne: true },
  ]);
}

const editKdf = (keep: Keep, changes: Partial<EditableRecord['factorSets'][0]['kdf']>) =>
  edit(keep, (record) => Object.assign(record.factorSets[0].kdf, changes));

describe('data without its keychain, keychain without its data (security rule 22)', () => {
  test('the keychain item missing is said, and is no wrong passphrase', async () => {
    const keep = await opened({ vault: 'locked' });
    await keep.keychain.delete(`root/${recordOf(keep).install}`);
    await expect(keep.unlock()).rejects.toMatchObject({ code: 'data_missing' });
    await expect(keep.vault.assertComplete()).rejects.toMatchObject({ code: 'data_missing' });
    expect(keep.vault.state()).toBe('locked');
  });

  test('the data missing is said, and a new vault is not made over it', async () => {
    const { keychain } = await opened();
    const keep = await opened({ vault: 'absent', keychain });
    await expect(keep.vault.assertComplete()).rejects.toMatchObject({ code: 'data_missing' });
    await expect(keep.vault.create(right())).rejects.toMatchObject({ code: 'data_missing' });
    expect(keep.vault.state()).toBe('absent');
  });

  test('the hint names the item whose removal begins anew', async () => {
    const { keychain } = await opened();
    const keep = await opened({ vault: 'absent', keychain });
    const refusal = (await keep.vault.assertComplete().catch((error: unknown) => error)) as { readonly hint: string };
    await keychain.delete(/"(install\/[^"]+)"/.exec(refusal.hint)?.[1] ?? '');
    await keep.vault.create(right());
  });

  test('a machine where nothing is missing passes, before and after', async () => {
    const keep = await opened({ vault: 'absent' });
    await keep.vault.assertComplete();
    await keep.vault.create(right());
    await keep.vault.assertComplete();
  });

  const otherKind = (kind: Keychain['kind'], keychain = memoryKeychain()): Keychain => ({ ...keychain, kind });

  test('an installation that began with the keychain does not go on with a file', async () => {
    const keep = await opened({ vault: 'locked', keychain: otherKind('os') });
    const other = createVault({ ...keep, keychain: otherKind('file'), scryptCost: 16 });
    await expect(other.unlock(right())).rejects.toMatchObject({ code: 'keychain_unavailable' });
    await expect(other.assertComplete()).rejects.toMatchObject({ code: 'keychain_unavailable' });
  });

  test('an installation that began with a file does not go on with the keychain', async () => {
    const keep = await opened({ vault: 'locked', keychain: otherKind('file') });
    const other = createVault({ ...keep, keychain: otherKind('os'), scryptCost: 16 });
    await expect(other.unlock(right())).rejects.toMatchObject({ code: 'data_missing' });
  });

  test('with a file the passphrase alone opens, and no root secret is kept beside it', async () => {
    const items: string[] = [];
    const keychain = otherKind('file');
    const keep = await opened({
      vault: 'locked',
      keychain: { ...keychain, set: (item, value) => keychain.set(item, value).then(() => void items.push(item)) },
    });
    await keep.unlock();
    expect(items.filter((item) => item.startsWith('root/'))).toEqual([]);
    expect(keep.vault.protection.kind).toBe('file');
  });

  test('with a keychain the passphrase alone does not open, and another value of its item is said', async () => {
    const keep = await opened({ vault: 'locked' });
    await keep.keychain.set(`root/${recordOf(keep).install}`, Buffer.alloc(32, 7));
    await expect(keep.unlock()).rejects.toMatchObject({
      code: 'data_missing',
      message: expect.stringMatching(/another value/) as string,
    });
    edit(keep, (record) => {
      delete record.factorSets[0].rootCheck;
    });
    await expect(keep.unlock()).rejects.toMatchObject({ code: 'passphrase_wrong' });
  });
});

describe('a record that was edited (security rule 22)', () => {
  test('cheaper parameters than the floor are refused without trying', async () => {
    const keep = await opened({ vault: 'locked' });
    for (const changes of [
      { N: 8 },
      { N: 1 },
      { N: 0 },
      { N: -16 },
      { N: 17 },
      { r: 1 },
      { p: 0 },
      { salt: '' },
      { salt: 'AAAA' },
    ]) {
      const salt = recordOf(keep).factorSets[0].kdf.salt;
      editKdf(keep, { N: 16, r: 8, p: 1, salt, ...changes });
      await expect(keep.unlock()).rejects.toMatchObject({ code: 'vault_damaged' });
      editKdf(keep, { N: 16, r: 8, p: 1, salt });
    }
    await keep.unlock();
  });

  test('parameters that would exhaust the memory are refused without trying', async () => {
    const keep = await opened({ vault: 'locked' });
    for (const changes of [{ N: 2 ** 21 }, { N: 2 ** 40 }, { r: 1024 }, { p: 16 }]) {
      editKdf(keep, { N: 16, r: 8, p: 1, ...changes });
      await expect(keep.unlock()).rejects.toMatchObject({ code: 'vault_damaged' });
    }
  });

  test('a cost that only a test may use is refused by the program itself', async () => {
    const keep = await opened({ vault: 'locked' });
    await expect(createVault(keep).unlock(right())).rejects.toMatchObject({ code: 'vault_damaged' });
  });

  test('other parameters or another salt do not open it', async () => {
    const keep = await opened({ vault: 'locked' });
    editKdf(keep, { N: 32 });
    await expect(keep.unlock()).rejects.toMatchObject({ code: 'passphrase_wrong' });
    editKdf(keep, { N: 16, salt: Buffer.alloc(32).toString('base64url') });
    await expect(keep.unlock()).rejects.toMatchObject({ code: 'passphrase_wrong' });
  });

  test('a flipped bit of the wrapped key does not open it', async () => {
    const keep = await opened({ vault: 'locked' });
    edit(keep, (record) => {
      const [set] = record.factorSets;
      const bytes = Buffer.from(set.wrapped, 'base64url');
      bytes[20] = (bytes[20] ?? 0) ^ 1;
      set.wrapped = bytes.toString('base64url');
    });
    await expect(keep.unlock()).rejects.toMatchObject({ code: 'passphrase_wrong' });
  });

  test('another public key in the record is found at unlock, and the vault stays locked', async () => {
    const keep = await opened({ vault: 'locked' });
    const other = await opened();
    edit(keep, (record) => {
      record.serverPublicJwk = { ...other.vault.serverPublicJwk() };
    });
    await expect(keep.unlock()).rejects.toMatchObject({ code: 'vault_damaged' });
    expect(keep.vault.state()).toBe('locked');
  });

  test('a record that is none is damaged, never absent', async () => {
    const keep = await opened({ vault: 'locked' });
    const good = recordOf(keep);
    const bad = [
      '',
      '{',
      'null',
      '[]',
      '{}',
      ...[
        { version: 3 },
        { install: '../x' },
        { keychain: 'cloud' },
        { factorSets: [] },
        { factorSets: [{}] },
        { factorSets: [...good.factorSets, ...good.factorSets] },
        { factorSets: [...good.factorSets, { ...good.factorSets[0], id: 'recovery' }] },
        { serverPublicJwk: null },
      ].map((changes) => JSON.stringify({ ...good, ...changes })),
    ];
    for (const text of bad) {
      keep.store.commit([
        { sql: "UPDATE meta SET value = ? WHERE key = 'vault'", values: [Buffer.from(text)], mustChangeOne: true },
      ]);
      await expect(keep.unlock()).rejects.toMatchObject({ code: 'vault_damaged' });
      expect(keep.vault.state()).toBe('locked');
      await expect(keep.vault.create(right())).rejects.toMatchObject({ code: 'vault_exists' });
    }
  });
});
