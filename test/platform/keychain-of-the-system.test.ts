import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { chooseKeychain } from '../../src/platform/keychain/choose.ts';
import { type Keytar, osKeychain } from '../../src/platform/keychain/os.ts';
import { sealedFileKeychain } from '../../src/platform/keychain/sealed-file.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'counterfoil-keychain-'));
  file = join(folder, 'key-items.json');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** The native module as a double. `locked` answers as a locked Secret Service does: nothing to get, no to set. */
function keytarDouble(changes: Partial<Keytar> = {}): Keytar & { locked: boolean; readonly kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    locked: false,
    async getPassword(service, account) {
      return this.locked ? null : (kept.get(`${service} ${account}`) ?? null);
    },
    async setPassword(service, account, password) {
      if (this.locked) throw new Error('Cannot create an item in a locked collection');
      kept.set(`${service} ${account}`, password);
    },
    async deletePassword(service, account) {
      return !this.locked && kept.delete(`${service} ${account}`);
    },
    ...changes,
  };
}

const failing = (message: string) => {
  const fail = () => Promise.reject(new Error(message));
  return keytarDouble({ getPassword: fail, setPassword: fail, deletePassword: fail });
};
const over = (keytar: Keytar, more: { readonly timeoutMs?: number; readonly system?: NodeJS.Platform } = {}) =>
  osKeychain({ system: 'linux', load: async () => keytar, ...more });

describe('the keychain of the system', () => {
  test('keeps bytes under the service counterfoil', async () => {
    const keytar = keytarDouble();
    const keychain = over(keytar);
    await keychain.set('root/one', Buffer.from([0, 255]));
    expect(keytar.kept.get('counterfoil root/one')).toBe('AP8');
    expect(await keychain.get('root/one')).toEqual(Buffer.from([0, 255]));
    await keychain.delete('root/one');
    expect(await keychain.get('root/one')).toBeUndefined();
  });

  test('the native module is loaded at the first call, once', async () => {
    let loads = 0;
    const keychain = osKeychain({
      load: async () => {
        loads += 1;
        return keytarDouble();
      },
    });
    expect(loads).toBe(0);
    await Promise.all([keychain.set('a', Buffer.of(1)), keychain.get('b')]);
    expect(loads).toBe(1);
  });

  test('a locked keychain refuses; its silence is not taken for a missing item', async () => {
    const keytar = keytarDouble();
    const keychain = over(keytar);
    await keychain.set('root/one', Buffer.of(1));
    keytar.locked = true;
    await expect(keychain.get('root/one')).rejects.toMatchObject({ code: 'keychain_refused' });
    await expect(keychain.delete('root/one')).rejects.toMatchObject({ code: 'keychain_refused' });
    await expect(keychain.set('root/one', Buffer.of(2))).rejects.toMatchObject({ code: 'keychain_refused' });
    await expect(chooseKeychain({ file, os: keychain })).rejects.toMatchObject({ code: 'keychain_refused' });
  });

  for (const message of [
    'Cannot autolaunch D-Bus without X11 $DISPLAY',
    'The name org.freedesktop.secrets was not provided by any .service files',
    'Could not connect: No such file or directory',
    'Object does not exist at path “/org/freedesktop/secrets/collection/login”',
  ]) {
    test(`"${message}" means that there is none, and the file is chosen, which says so`, async () => {
      const keychain = over(failing(message));
      await expect(keychain.get('a')).rejects.toMatchObject({ code: 'keychain_unavailable' });
      const chosen = await chooseKeychain({ file, os: keychain });
      expect(chosen.kind).toBe('file');
      expect(chosen.description).toContain('no keychain');
    });
  }

  test('a module that cannot be loaded means that there is none', async () => {
    const keychain = osKeychain({ load: () => Promise.reject(new Error('libsecret-1.so.0: cannot open shared object file')) });
    await expect(keychain.get('a')).rejects.toMatchObject({ code: 'keychain_unavailable' });
    expect((await chooseKeychain({ file, os: keychain })).kind).toBe('file');
  });

  for (const message of ['The prompt was dismissed', 'User interaction is not allowed.', 'something nobody has seen before']) {
    test(`"${message}" is a refusal, and no other place is chosen`, async () => {
      const keychain = over(failing(message));
      await expect(keychain.get('a')).rejects.toMatchObject({ code: 'keychain_refused' });
      await expect(chooseKeychain({ file, os: keychain })).rejects.toMatchObject({ code: 'keychain_refused' });
    });
  }

  test('a keychain that does not answer is unavailable, and no other place is chosen', async () => {
    const keychain = over(keytarDouble({ getPassword: () => new Promise(() => {}) }), { timeoutMs: 5 });
    await expect(keychain.get('a')).rejects.toMatchObject({ code: 'keychain_unavailable' });
    await expect(chooseKeychain({ file, os: keychain })).rejects.toMatchObject({ code: 'keychain_unavailable' });
  });

  test('is chosen where there is one', async () => {
    const keychain = over(keytarDouble());
    expect(await chooseKeychain({ file, os: keychain })).toBe(keychain);
  });

  test('an installation that began with the file stays with it', async () => {
    await sealedFileKeychain(file).set('install/one', Buffer.of(1));
    expect((await chooseKeychain({ file, os: over(keytarDouble()) })).kind).toBe('file');
  });

  test('is named for its system', () => {
    const names = (['linux', 'darwin', 'win32'] as const).map((system) => over(keytarDouble(), { system }).description);
    expect(names).toEqual(['Secret Service of this desktop', 'macOS Keychain', 'Windows Credential Manager']);
  });
});
