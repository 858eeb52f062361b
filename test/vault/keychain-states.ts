/**
 * Goal M3: every state in which keychain and data folder do not fit together, each on real folders and a real database, with the
 * answer that a person gets. SECURITY.md has the same list; a test compares the two.
 */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAudit } from '../../src/audit/audit.ts';
import { createChanges } from '../../src/base/changes.ts';
import { Refusal } from '../../src/base/errors.ts';
import { Secret } from '../../src/base/secret.ts';
import { chooseKeychain } from '../../src/platform/keychain/choose.ts';
import { type Keytar, osKeychain } from '../../src/platform/keychain/os.ts';
import type { Keychain } from '../../src/platform/keychain.ts';
import { openStore } from '../../src/store/sqlite.ts';
import type { Store } from '../../src/store/store.ts';
import { createVault, type Vault } from '../../src/vault/vault.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { testPassphrase, testScryptCost } from '../support/open-keep.ts';
import { recordOf } from './vault-record.ts';

/** A keychain of the system as its native module shows it, which can be made to behave badly. */
export class SystemKeychain implements Keytar {
  readonly items = new Map<string, string>();
  mood: 'well' | 'locked' | 'dismissed' | 'silent' | 'full' | 'none' = 'well';

  async getPassword(_service: string, account: string): Promise<string | null> {
    await this.#answer();
    // A locked Secret Service answers as if there were nothing.
    return this.mood === 'locked' ? null : (this.items.get(account) ?? null);
  }

  async setPassword(_service: string, account: string, password: string): Promise<void> {
    await this.#answer();
    if (this.mood === 'locked') throw new Error('Cannot create an item in a locked collection');
    if (this.mood === 'full' && account !== 'marker') throw new Error('No space left on device');
    this.items.set(account, password);
  }

  async deletePassword(_service: string, account: string): Promise<boolean> {
    await this.#answer();
    return this.items.delete(account);
  }

  async #answer(): Promise<void> {
    if (this.mood === 'silent') await new Promise(() => undefined);
    if (this.mood === 'dismissed') throw new Error('The user dismissed the dialog');
    if (this.mood === 'none') throw new Error('The name org.freedesktop.secrets was not provided by any .service files');
  }
}

/** One person's machine: a system keychain and a data folder. */
export class Machine {
  readonly system = new SystemKeychain();
  readonly #root = mkdtempSync(join(tmpdir(), 'counterfoil-states-'));
  readonly #open: Store[] = [];
  readonly folder: string;
  /** Wraps the store at each start, for a disk that says no. */
  faulty: (store: Store) => Store = (store) => store;

  constructor() {
    this.folder = join(this.#root, 'data');
  }

  get database(): string {
    return join(this.folder, 'counterfoil.db');
  }

  get keyFile(): string {
    return join(this.folder, 'keychain.json');
  }

  /** What a start does, up to the point where a page can be shown. Refuses as a start does. */
  async start(): Promise<{ readonly vault: Vault; readonly store: Store }> {
    const os = osKeychain({ system: 'linux', timeoutMs: 200, load: async () => this.system });
    const keychain: Keychain = await chooseKeychain({ file: this.keyFile, os });
    const opened = openStore({ file: this.database });
    this.#open.push(opened);
    const store = this.faulty(opened);
    const changes = createChanges(() => undefined);
    const clock = createFakeClock();
    const vault = createVault({ store, keychain, clock, changes, scryptCost: testScryptCost });
    // Opening the vault writes nothing itself; its entry in the log does, in the core as here.
    const audit = createAudit({ store, clock, changes });
    vault.onUnlock(() => void audit.record({ event: 'vault.unlocked', approver: 'user', outcome: 'ok' }));
    await vault.assertComplete();
    return { vault, store };
  }

  /** Ends what runs. */
  stop(): void {
    for (const store of this.#open.splice(0)) store.close();
  }

  /** A vault, and the code for it. Stopped again. */
  async withVault(): Promise<{ readonly code: Secret; readonly install: string }> {
    const { vault, store } = await this.start();
    await vault.create(Secret.fromText(testPassphrase));
    const code = await vault.makeRecoveryCode(Secret.fromText(testPassphrase));
    await vault.confirmRecoveryCode(code);
    vault.lock();
    const { install } = recordOf({ store });
    this.stop();
    return { code, install };
  }

  /** The database of another machine in place of this one's. */
  takeDatabaseOf(other: Machine): void {
    rmSync(this.database);
    for (const end of ['-wal', '-shm']) rmSync(`${this.database}${end}`, { force: true });
    copyFileSync(other.database, this.database);
  }

  remove(): void {
    this.stop();
    rmSync(this.#root, { recursive: true, force: true });
  }
}

/** A store whose disk says no to every change. */
export function unwritable(store: Store): Store {
  return {
    file: store.file,
    first: (sql, ...values) => store.first(sql, ...values),
    all: (sql, ...values) => store.all(sql, ...values),
    each: (sql, ...values) => store.each(sql, ...values),
    commit: () => {
      throw new Refusal('store_failed', 'The data could not be read or written. Nothing was changed.');
    },
    close: () => store.close(),
  };
}
