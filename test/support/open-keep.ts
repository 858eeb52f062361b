/**
 * What we keep, ready to use: store in memory, vault unlocked (cheap scrypt), audit, changes, clock.
 *
 *     const keep = await openKeep();                       // unlocked, passphrase `testPassphrase`
 *     const keep = await openKeep({ vault: 'locked' });    // made, then locked
 *     const keep = await openKeep({ vault: 'absent' });    // nothing made yet
 *     keep.audit.commit(keepTable.insert(…), [{ event: 'agent.registered' }]);
 *     keep.vault.lock(); await keep.unlock();
 *     const again = await keep.restart();                  // new vault, audit and changes over the same data, locked
 *     keep.close();                                        // ends the store; call in `afterEach`
 *
 * `keep.events()` are the names in the audit log, oldest first; `keep.notices` every change notice so far.
 * A file instead of memory: `openKeep({ file })`. Another keychain or clock: pass it.
 */
import type { AuditEventName } from '../../src/audit/audit.ts';
import { type Audit, createAudit } from '../../src/audit/audit.ts';
import { type ChangeNotice, type Changes, createChanges } from '../../src/base/changes.ts';
import { Secret } from '../../src/base/secret.ts';
import { memoryKeychain } from '../../src/platform/keychain/memory.ts';
import type { Keychain } from '../../src/platform/keychain.ts';
import type { Gaps } from '../../src/state-head/state-head.ts';
import { openStore } from '../../src/store/sqlite.ts';
import type { Store } from '../../src/store/store.ts';
import { createVault, type Vault } from '../../src/vault/vault.ts';
import { createFakeClock, type FakeClock } from './fake-clock.ts';

/** Strong enough to be accepted. */
export const testPassphrase = 'umbrella quartz violin tundra pickle';

/** N of scrypt in tests: fast, and nothing outside tests may pass it. */
export const testScryptCost = 2 ** 4;

export interface KeepOptions {
  readonly vault?: 'unlocked' | 'locked' | 'absent';
  /** Default `:memory:`. */
  readonly file?: string;
  readonly keychain?: Keychain;
  readonly clock?: FakeClock;
}

export interface Keep {
  readonly store: Store;
  readonly vault: Vault;
  readonly audit: Audit;
  readonly changes: Changes;
  readonly clock: FakeClock;
  readonly keychain: Keychain;
  /** Never one: state heads have tests of their own. */
  readonly gaps: Gaps;
  readonly notices: readonly ChangeNotice[];
  /** Names of all audit events, oldest first. */
  events(): readonly AuditEventName[];
  unlock(): Promise<void>;
  restart(): Promise<Keep>;
  close(): void;
}

const noGaps: Gaps = { open: () => undefined, assertNone: () => {}, close: () => {} };

export async function openKeep(options: KeepOptions = {}): Promise<Keep> {
  const { vault: state = 'unlocked', file = ':memory:', keychain = memoryKeychain(), clock = createFakeClock() } = options;
  const keep = assemble({ store: openStore({ file }), keychain, clock });
  if (state !== 'absent') await keep.vault.create(Secret.fromText(testPassphrase));
  if (state === 'locked') keep.vault.lock();
  return keep;
}

function assemble({ store, keychain, clock }: { store: Store; keychain: Keychain; clock: FakeClock }): Keep {
  const failures: unknown[] = [];
  const changes = createChanges((error) => failures.push(error));
  const notices: ChangeNotice[] = [];
  changes.subscribe((notice) => notices.push(notice));
  const vault = createVault({ store, keychain, clock, changes, scryptCost: testScryptCost });
  const audit = createAudit({ store, clock, changes });
  return {
    store,
    vault,
    audit,
    changes,
    clock,
    keychain,
    gaps: noGaps,
    notices,
    events: () => store.all<{ event: AuditEventName }>('SELECT event FROM audit ORDER BY seq').map(({ event }) => event),
    unlock: () => vault.unlock(Secret.fromText(testPassphrase)),
    restart: async () => {
      vault.lock();
      if (store.file === ':memory:') return assemble({ store, keychain, clock });
      store.close();
      return assemble({ store: openStore({ file: store.file }), keychain, clock });
    },
    close: () => {
      vault.lock();
      store.close();
      if (failures.length > 0) throw new AggregateError(failures, 'a change listener failed');
    },
  };
}
