/**
 * A program of this user writes the database: while the core runs with the vault open, while it runs locked, and while it is
 * stopped. It knows the code and the format; it does not have the passphrase.
 */
import type Database from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { passphrase, Victim } from './support/victim.ts';

type Row = Readonly<Record<string, string | number | Buffer | null>>;

let victim: Victim;
let untouched: Readonly<Record<string, readonly Row[]>>;

const guarded = ['agents', 'approvals', 'grants', 'settings', 'receipts', 'connections', 'resources', 'server_payloads'] as const;
const everyTable = [...guarded, 'meta'] as const;

beforeAll(async () => {
  victim = await Victim.begin();
  await victim.shell.stop();
  untouched = withDatabase((database) =>
    Object.fromEntries(everyTable.map((table) => [table, database.prepare<[], Row>(`SELECT * FROM ${table}`).all()])),
  );
});
afterAll(() => victim.remove());
afterEach(async () => {
  if (victim.shell.child.exitCode === null) await victim.shell.stop();
  withDatabase(putBack);
});

function withDatabase<Value>(act: (database: Database.Database) => Value): Value {
  const database = victim.database();
  try {
    database.pragma('busy_timeout = 5000');
    return act(database);
  } finally {
    database.close();
  }
}

/** For the next story, everything as it was. */
function putBack(database: Database.Database): void {
  database.pragma('foreign_keys = OFF');
  database.transaction(() => {
    for (const table of everyTable) {
      database.exec(`DELETE FROM ${table}`);
      for (const row of untouched[table] ?? []) {
        insert(database, table, row);
      }
    }
  })();
}

function insert(database: Database.Database, table: string, row: Row): void {
  const names = Object.keys(row);
  const places = names.map(() => '?').join(', ');
  database.prepare(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${places})`).run(...Object.values(row));
}

/** Rewrites one row's body, as if it had been changed once more. `mac` says what becomes of its MAC. */
function forge(table: string, change: (body: Record<string, unknown>) => void, mac: 'kept' | 'none'): void {
  withDatabase((database) => {
    const rows = database.prepare<[], { id: string; body: string }>(`SELECT id, body FROM ${table}`).all();
    for (const { id, body } of rows) {
      const value = JSON.parse(body) as Record<string, unknown>;
      change(value);
      const set = `body = ?, version = version + 1${mac === 'none' ? ', mac = NULL' : ''}`;
      database.prepare(`UPDATE ${table} SET ${set} WHERE id = ?`).run(JSON.stringify(value), id);
    }
  });
}

async function startAndUnlock(): Promise<void> {
  await victim.start();
  await victim.page.call('vault.unlock', {}, passphrase);
}

/** What an agent can do with what stands in the rows: nothing new. */
async function liveGrants(): Promise<number> {
  return (await victim.page.call('grants.list', {})).grants.filter(({ live }) => live).length;
}

const reported = async (): Promise<number> => (await victim.page.call('audit.list', { search: 'row.tampered' })).entries.length;

const forgeries: readonly (readonly [what: string, table: string, change: (body: Record<string, unknown>) => void])[] = [
  ['a waiting request, made approved', 'approvals', (body) => Object.assign(body, { state: 'approved', grantId: 'grant_forged' })],
  ['a waiting request, its risk lowered', 'approvals', (body) => Object.assign(body, { risk: 'low', riskReasons: [] })],
  [
    'a grant, widened',
    'grants',
    (body) => Object.assign(body, { scopes: ['accounts', 'payments'], details: [{ type: 'payment_initiation' }] }),
  ],
  ['a grant, made longer', 'grants', (body) => Object.assign(body, { expiresAt: 4_102_444_800_000 })],
  ['an agent, its key replaced', 'agents', (body) => Object.assign(body, { keyThumbprint: 'A'.repeat(43), state: 'accepted' })],
  ['a connection, led elsewhere', 'connections', (body) => Object.assign(body, { issuer: 'http://127.0.0.1:9' })],
  ['a resource, led elsewhere', 'resources', (body) => Object.assign(body, { baseUrl: 'http://127.0.0.1:9' })],
  ['a receipt, its presence raised', 'receipts', (body) => Object.assign(body, { presence: { kind: 'passphrase', at: 1 } })],
];

describe.each(['kept', 'none'] as const)('rows written while it is stopped, their MAC %s (security rule 3)', (mac) => {
  test('nothing that was forged is live, waits as approved, or is used; it is reported', async () => {
    for (const [, table, change] of forgeries) forge(table, change, mac);
    await startAndUnlock();
    expect(await liveGrants()).toBe(0);
    const { pending, recent } = await victim.page.call('approvals.list', {}).catch(() => ({ pending: [], recent: [] }));
    expect([...pending, ...recent].filter(({ state }) => state === 'approved')).toEqual([]);
    expect(await reported()).toBeGreaterThan(0);
    await expect(victim.agent.ask()).rejects.toThrow();
  });
});

test('rows written while it runs and the vault is open are refused when they are read (security rule 3)', async () => {
  await startAndUnlock();
  expect(await liveGrants()).toBe(1);
  const decision = await victim.decision();
  for (const [, table, change] of forgeries) forge(table, change, 'kept');
  expect(await liveGrants()).toBe(0);
  await expect(victim.page.call('approvals.approve', decision, passphrase)).rejects.toThrow();
  await expect(victim.agent.ask()).rejects.toThrow();
  const { entries } = await victim.page.call('audit.list', { search: 'approval.granted' });
  expect(entries).toHaveLength(1);
});

test('the setting "approve on the notification" written into the file is off, and reported (security rules 3, 12)', async () => {
  withDatabase((database) => {
    const body = '{"paused":false,"approveLowRiskOnNotification":true}';
    database.prepare("INSERT OR REPLACE INTO settings (id, version, body, mac) VALUES ('approvals', 9, ?, NULL)").run(body);
  });
  await startAndUnlock();
  expect((await victim.page.call('status.get', {})).settings.approveLowRiskOnNotification).toBe(false);
  expect(await reported()).toBeGreaterThan(0);
});

test('a grant and its approval copied to new ids are no grant (security rule 3)', async () => {
  withDatabase((database) => {
    const row = database.prepare<[], Row>('SELECT * FROM grants').get()!;
    const body = String(row['body']).replaceAll(String(row['id']), 'grant_forged');
    insert(database, 'grants', { ...row, id: 'grant_forged', body });
  });
  await startAndUnlock();
  const { grants } = await victim.page.call('grants.list', {}).catch(() => ({ grants: [] }));
  expect(grants.filter(({ id, live }) => id === 'grant_forged' && live)).toEqual([]);
  expect(await reported()).toBeGreaterThan(0);
});

describe("the vault's own record (security rule 22)", () => {
  const editRecord = (change: (record: { factorSets: { id: string; kdf: { N: number }; wrapped: string }[] }) => void): void =>
    withDatabase((database) => {
      const row = database.prepare<[], { value: Buffer }>("SELECT value FROM meta WHERE key = 'vault'").get()!;
      const record = JSON.parse(row.value.toString('utf8')) as Parameters<typeof change>[0];
      change(record);
      database.prepare("UPDATE meta SET value = ? WHERE key = 'vault'").run(Buffer.from(JSON.stringify(record)));
    });

  test.each([
    ['made cheap to guess', (record: Parameters<Parameters<typeof editRecord>[0]>[0]) => (record.factorSets[0]!.kdf.N = 2)],
    ['given another wrapped key', (record) => (record.factorSets[0]!.wrapped = Buffer.alloc(80, 7).toString('base64url'))],
    ['given a second way in', (record) => record.factorSets.push({ ...record.factorSets[0]!, id: 'passphrase' })],
  ] as readonly (readonly [string, (record: Parameters<Parameters<typeof editRecord>[0]>[0]) => unknown])[])(
    '%s, opens with nothing',
    async (_what, change) => {
      editRecord((record) => void change(record));
      const unlocked = await startAndUnlock().then(
        async () => (await victim.page.call('status.get', {})).vault,
        () => 'refused',
      );
      expect(unlocked).toBe('refused');
    },
  );
});
