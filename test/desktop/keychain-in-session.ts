/**
 * Run by `keychain.test.ts` inside a session bus of its own: uses the real keychain and prints what happened, as JSON.
 *
 *     node keychain-in-session.ts <story> <folder>
 */
import { execSync } from 'node:child_process';
import { join } from 'node:path';
import { createChanges } from '../../src/base/changes.ts';
import { systemClock } from '../../src/base/clock.ts';
import { Refusal } from '../../src/base/errors.ts';
import { Secret } from '../../src/base/secret.ts';
import { chooseKeychain } from '../../src/platform/keychain/choose.ts';
import { osKeychain } from '../../src/platform/keychain/os.ts';
import { openStore } from '../../src/store/sqlite.ts';
import { createVault, type Vault } from '../../src/vault/vault.ts';

const [, , story = '', folder = ''] = process.argv;
const keychain = osKeychain();
const passphrase = () => Secret.fromText('umbrella quartz violin tundra pickle');

function lockKeyring(): void {
  const send = 'dbus-send --session --print-reply --dest=org.freedesktop.secrets /org/freedesktop/secrets';
  const collection = 'array:objpath:/org/freedesktop/secrets/collection/login';
  execSync(`${send} org.freedesktop.Secret.Service.Lock ${collection}`);
}

async function outcome(task: () => Promise<unknown>): Promise<unknown> {
  try {
    return (await task()) ?? null;
  } catch (error) {
    return error instanceof Refusal ? error.code : String(error);
  }
}

async function withVault<Result>(use: (vault: Vault) => Promise<Result>): Promise<Result> {
  const store = openStore({ file: join(folder, 'counterfoil.db') });
  const failures: unknown[] = [];
  const vault = createVault({
    store,
    keychain,
    clock: systemClock,
    changes: createChanges((error) => failures.push(error)),
    scryptCost: 16,
  });
  try {
    return await use(vault);
  } finally {
    vault.lock();
    store.close();
  }
}

const text = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString('utf8');

export type Story = 'round trip' | 'locked' | 'vault' | 'absent';

const stories: Readonly<Record<Story, () => Promise<unknown>>> = {
  'round trip': async () => {
    await keychain.set('broker/one/two', Buffer.from('first'));
    await keychain.set('broker/one/two', Buffer.from('second'));
    const kept = text(await keychain.get('broker/one/two'));
    await keychain.delete('broker/one/two');
    await keychain.delete('broker/one/two');
    return { kept, after: (await keychain.get('broker/one/two')) ?? null, probe: await keychain.probe() };
  },
  locked: async () => {
    await keychain.set('kept', Buffer.from('value'));
    lockKeyring();
    return {
      get: await outcome(() => keychain.get('kept')),
      set: await outcome(() => keychain.set('kept', Buffer.from('other'))),
      delete: await outcome(() => keychain.delete('kept')),
      choose: await outcome(() => chooseKeychain({ file: join(folder, 'key-items.json') })),
    };
  },
  vault: async () => {
    await withVault((vault) => vault.create(passphrase()));
    const unlocked = await withVault((vault) => outcome(() => vault.unlock(passphrase())));
    lockKeyring();
    const locked = await withVault((vault) => outcome(() => vault.unlock(passphrase())));
    return { unlocked, locked };
  },
  absent: async () => {
    const chosen = await chooseKeychain({ file: join(folder, 'key-items.json') });
    return { get: await outcome(() => keychain.get('kept')), probe: await keychain.probe(), kind: chosen.kind };
  },
};

process.stdout.write(`${JSON.stringify(await stories[story as Story]())}\n`);
