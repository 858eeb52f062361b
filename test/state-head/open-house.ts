/**
 * A store on disk with vault, state head, audit log, gaps and one guarded table; can be ended, edited as another program
 * would, and opened again.
 */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { type Audit, createAudit } from '../../src/audit/audit.ts';
import { createChanges } from '../../src/base/changes.ts';
import { silentLog } from '../../src/base/log.ts';
import { Secret } from '../../src/base/secret.ts';
import { memoryKeychain } from '../../src/platform/keychain/memory.ts';
import type { Keychain } from '../../src/platform/keychain.ts';
import { createGaps, createStateHead, type Gaps, type StateHead } from '../../src/state-head/state-head.ts';
import { openStore } from '../../src/store/sqlite.ts';
import type { Store } from '../../src/store/store.ts';
import { createVault, type GuardedTable, guardedTable, type Vault } from '../../src/vault/vault.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { testPassphrase, testScryptCost } from '../support/open-keep.ts';

export interface Thing {
  readonly name: string;
}

export interface Run {
  readonly store: Store;
  readonly vault: Vault;
  readonly audit: Audit;
  readonly stateHead: StateHead;
  readonly gaps: Gaps;
  readonly things: GuardedTable<Thing>;
  readonly unlock: () => Promise<void>;
  /** Writes a thing with its event. */
  readonly put: (id: string, name: string) => void;
  readonly remove: (id: string) => void;
  readonly end: () => Promise<void>;
  /** Ends as a killed program does: nothing more is written. */
  readonly kill: () => void;
}

export interface House {
  readonly file: string;
  readonly keychain: Keychain;
  /** Run before the keychain does its work; a throw is its refusal. */
  readonly faults: { onGet?: ((item: string) => void) | undefined; onSet?: ((item: string) => void) | undefined };
  readonly clock: FakeClock;
  readonly start: () => Run;
  /** Runs SQL as another program would, while nobody has the file open. */
  readonly edit: (...sql: readonly string[]) => void;
  readonly keepCopy: () => string;
  readonly putBack: (copy: string) => void;
  readonly remove: () => void;
}

const ids = ['one', 'two', 'three'];

/** What a thing that was written while locked becomes: a new one is harmless or nothing, and any can be made harmless once. */
function lessOf(written: Thing, _id: string, before: Thing | undefined): Thing | undefined {
  return written.name === 'harmless' && before?.name !== 'harmless' ? written : undefined;
}

export function openHouse(): House {
  const folder = mkdtempSync(join(tmpdir(), 'counterfoil-head-'));
  const file = join(folder, 'counterfoil.db');
  const inner = memoryKeychain();
  const faults: House['faults'] = {};
  const keychain: Keychain = {
    ...inner,
    async get(item) {
      faults.onGet?.(item);
      return inner.get(item);
    },
    async set(item, value) {
      faults.onSet?.(item);
      await inner.set(item, value);
    },
  };
  const clock = createFakeClock();
  let copies = 0;
  return {
    file,
    keychain,
    faults,
    clock,
    start: () => startRun({ file, keychain, clock }),
    edit(...sql) {
      const database = new Sqlite(file);
      database.pragma('foreign_keys = OFF');
      // What a test puts aside must not stand in the database: a foreign table is refused at open.
      database.exec(`ATTACH '${file}.aside' AS aside`);
      for (const statement of sql) database.exec(statement);
      database.close();
    },
    keepCopy() {
      copies += 1;
      const copy = `${file}.${copies}`;
      copyFileSync(file, copy);
      return copy;
    },
    putBack(copy) {
      rmSync(`${file}-wal`, { force: true });
      rmSync(`${file}-shm`, { force: true });
      copyFileSync(copy, file);
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function startRun({ file, keychain, clock }: Pick<House, 'file' | 'keychain' | 'clock'>): Run {
  const plain = openStore({ file });
  const changes = createChanges((error) => {
    throw error;
  });
  const vault = createVault({ store: plain, keychain, clock, changes, scryptCost: testScryptCost });
  const stateHead = createStateHead({ store: plain, vault, keychain, clock, log: silentLog });
  const { store } = stateHead;
  const audit = createAudit({ store, clock, changes });
  const gaps = createGaps({ store, vault, audit, clock, changes, stateHead });
  const things = guardedTable<Thing>({ store, vault }, { name: 'settings', schema: 1, columns: () => ({}), ids, adopt: lessOf });
  vault.onUnlock(() => {
    things.adopt();
  });
  const passphrase = (): Secret => Secret.fromText(testPassphrase);
  return {
    store,
    vault,
    audit,
    stateHead,
    gaps,
    things,
    unlock: () => (vault.state() === 'absent' ? vault.create(passphrase()) : vault.unlock(passphrase())),
    put(id, name) {
      const row = things.find(id);
      const statement = row ? things.update(row, { name }) : things.insert(id, { name });
      audit.commit([statement], [{ event: 'settings.changed' }]);
    },
    remove(id) {
      const row = things.find(id);
      if (row) audit.commit([things.remove(row)], [{ event: 'settings.changed' }]);
    },
    async end() {
      vault.lock();
      await stateHead.settle();
      plain.close();
    },
    kill: () => plain.close(),
  };
}
