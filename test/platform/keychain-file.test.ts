import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sealedFileKeychain } from '../../src/platform/keychain/sealed-file.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'counterfoil-keys-'));
  file = join(folder, 'data', 'key-items.json');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the file for key items', () => {
  test('keeps, overwrites and deletes, also for the next process', async () => {
    const keychain = sealedFileKeychain(file);
    expect(await keychain.get('a')).toBeUndefined();
    await keychain.set('a', Buffer.from([0, 255, 7]));
    await keychain.set('b', Buffer.from('b'));
    await keychain.set('b', Buffer.from('other'));
    const next = sealedFileKeychain(file);
    expect(await next.get('a')).toEqual(Buffer.from([0, 255, 7]));
    expect(await next.get('b')).toEqual(Buffer.from('other'));
    await next.delete('a');
    await next.delete('a');
    expect(await keychain.get('a')).toBeUndefined();
  });

  test.skipIf(process.platform === 'win32')('only its owner may read it', async () => {
    await sealedFileKeychain(file).set('a', Buffer.of(1));
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'data'))).mode & 0o777).toBe(0o700);
  });

  test('asking makes no file: only a machine that keeps something has one', async () => {
    await sealedFileKeychain(file).get('a');
    await sealedFileKeychain(file).delete('a');
    await expect(stat(file)).rejects.toThrow('ENOENT');
  });

  test('writes at the same time are all kept, and leave nothing else behind', async () => {
    const keychain = sealedFileKeychain(file);
    await Promise.all(Array.from({ length: 40 }, (_, index) => keychain.set(`item/${index}`, Buffer.of(index))));
    for (let index = 0; index < 40; index += 1) expect(await keychain.get(`item/${index}`)).toEqual(Buffer.of(index));
    expect(await readdir(join(folder, 'data'))).toEqual(['key-items.json']);
  });

  for (const content of ['', '{', '[]', 'null', '{"version":2,"items":{}}', '{"version":1,"items":{"a":1}}', '{"version":1}']) {
    test(`a damaged file (${content}) is refused and kept, never begun anew`, async () => {
      await mkdir(join(folder, 'data'));
      await writeFile(file, content);
      const keychain = sealedFileKeychain(file);
      await expect(keychain.get('a')).rejects.toMatchObject({ code: 'keychain_refused' });
      await expect(keychain.set('a', Buffer.of(1))).rejects.toMatchObject({ code: 'keychain_refused' });
      expect(await readFile(file, 'utf8')).toBe(content);
    });
  }

  test('a failed write is refused, leaves the old content, and does not stop the next', async () => {
    await mkdir(file, { recursive: true });
    const keychain = sealedFileKeychain(file);
    await expect(keychain.set('a', Buffer.of(1))).rejects.toMatchObject({ code: 'keychain_refused' });
    await rm(file, { recursive: true });
    await keychain.set('a', Buffer.of(1));
    expect(await keychain.get('a')).toEqual(Buffer.of(1));
  });

  test('says what it is', () => {
    const { kind, description } = sealedFileKeychain(file);
    expect(kind).toBe('file');
    expect(description).toContain('passphrase alone');
  });
});
