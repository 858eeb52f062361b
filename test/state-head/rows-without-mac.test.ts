/**
 * What a program that writes the file can bring about by taking the MAC off a row, as if the row had been written while the vault was
 * locked: for every table whose rows are taken over at unlock, each state that such a row can be given.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { agentSettingsTable, agentsTable } from '../../src/agents/agents-table.ts';
import { approvalsTable } from '../../src/approvals/approvals-table.ts';
import { askedDigest } from '../../src/approvals/digests.ts';
import { Payloads } from '../../src/authserver/payloads.ts';
import { isRefusal } from '../../src/base/errors.ts';
import { grantsTable } from '../../src/grants/grants-table.ts';
import type { GuardedTable } from '../../src/vault/vault.ts';
import { evidenceOf } from '../support/memory-platform.ts';
import { type House, openHouse, type Run } from './open-house.ts';

type Body = Readonly<Record<string, unknown>>;
type Tables = Readonly<Record<string, GuardedTable<Body>>>;

let house: House;
let run: Run;
let tables: Tables;
let payloads: Payloads;

function start(): void {
  run = house.start();
  const { store, vault, audit } = run;
  payloads = new Payloads({ store, vault, audit, clock: house.clock });
  const all = {
    agents: agentsTable,
    settings: agentSettingsTable,
    approvals: (given: Run) => approvalsTable(given, () => true),
    grants: grantsTable,
  };
  tables = Object.fromEntries(Object.entries(all).map(([name, table]) => [name, table(run) as never as GuardedTable<Body>]));
}
beforeEach(() => {
  house = openHouse();
});
afterEach(async () => {
  await run.end().catch(() => undefined);
  house.remove();
});

const agent = {
  id: 'a',
  claimedName: 'planner',
  keyThumbprint: 'key',
  registeredAt: 1,
  registrationEvidence: evidenceOf(),
  metadata: {},
};
const named = { name: 'Planner', acceptedAt: 2 };
const asked = { resourceId: 'r', details: [{ type: 'account_information', actions: ['list_accounts'] }], scopes: [] };
const approval = {
  ...asked,
  id: 'q',
  agentId: 'a',
  authReqHash: 'hash',
  createdAt: 1,
  expiresAt: 9e12,
  risk: 'low',
  riskReasons: [],
  evidence: evidenceOf(),
  askedDigest: askedDigest(asked as never),
};
const grant = { id: 'g', agentId: 'a', connectionId: 'c', createdAt: 1, expiresAt: 9e12, usesReserved: 0, agentJkt: 'first' };
const revoked = { endedAt: 5, endedBy: 'revoked' };
const denied = { decidedAt: 5, denialReason: 'no' };

interface Case {
  readonly table: string;
  readonly signed: Body;
  readonly written: Body;
  /** What it may become; nothing of the rest of `written` is believed. Absent: it is not taken over. */
  readonly becomes?: Body;
}

const accepted: Body = { ...agent, ...named, state: 'accepted' };
const waits: Body = { ...approval, state: 'pending' };
const repeatable: Body = { ...waits, repeat: { key: 'key', content: 'content' } };
const mine = { keyThumbprint: 'mine', agentJkt: 'mine', expiresAt: 9.9e12, usesReserved: -5, metadata: { mine: true } };

/** Every state that a row of these tables can have been signed with, and every one that it can be given. */
const cases: readonly Case[] = [
  ...['pending', 'accepted', 'suspended', 'removed'].flatMap((from) =>
    ['pending', 'accepted', 'suspended', 'removed'].map((to): Case => {
      const signed = { ...accepted, state: from };
      const order = ['suspended', 'removed'];
      const isLess = order.indexOf(to) > order.indexOf(from);
      return {
        table: 'agents',
        signed,
        written: { ...signed, ...mine, state: to },
        ...(isLess && { becomes: { ...signed, state: to } }),
      };
    }),
  ),
  ...['pending', 'approved', 'denied', 'expired', 'cancelled'].flatMap((from) =>
    ['pending', 'approved', 'denied', 'expired', 'cancelled'].map((to): Case => {
      const signed = { ...approval, state: from };
      const isLess = from === 'pending' && !['pending', 'approved'].includes(to);
      const end = to === 'denied' ? denied : { decidedAt: 5 };
      return {
        table: 'approvals',
        signed,
        written: { ...signed, ...denied, grantId: 'mine', state: to },
        ...(isLess && { becomes: { ...signed, ...end, state: to } }),
      };
    }),
  ),
  { table: 'approvals', signed: waits, written: { ...waits, pinnedJkt: 'first' }, becomes: { ...waits, pinnedJkt: 'first' } },
  { table: 'approvals', signed: { ...waits, pinnedJkt: 'first' }, written: { ...waits, pinnedJkt: 'mine' } },
  { table: 'approvals', signed: waits, written: { ...waits, authReqHash: 'again' } },
  {
    table: 'approvals',
    signed: repeatable,
    written: { ...repeatable, authReqHash: 'again' },
    becomes: { ...repeatable, authReqHash: 'again' },
  },
  {
    table: 'approvals',
    signed: { ...repeatable, state: 'approved' },
    written: { ...repeatable, state: 'approved', authReqHash: 'again' },
  },
  { table: 'grants', signed: grant, written: { ...grant, ...mine } },
  { table: 'grants', signed: grant, written: { ...grant, ...mine, ...revoked }, becomes: { ...grant, ...revoked } },
  { table: 'grants', signed: grant, written: { ...grant, endedAt: 5, endedBy: 'never' } },
  { table: 'grants', signed: { ...grant, ...revoked }, written: grant },
  { table: 'grants', signed: { ...grant, ...revoked }, written: { ...grant, endedAt: 5, endedBy: 'expired' } },
  { table: 'settings', signed: { paused: true }, written: { paused: false } },
  { table: 'settings', signed: { paused: false }, written: { paused: true }, becomes: { paused: true } },
  { table: 'settings', signed: { paused: false }, written: { paused: true, more: 1 } },
];

const idOf = ({ table, signed }: Case): string => (table === 'settings' ? 'agents' : String(signed['id']));

async function sign(given: Case): Promise<void> {
  start();
  await run.unlock();
  if (given.table !== 'agents') put('agents', 'a', accepted);
  put(given.table, idOf(given), given.signed);
  await run.end();
}
function put(table: string, id: string, body: Body): void {
  const owner = tables[table];
  const row = owner?.find(id);
  if (owner === undefined) throw new Error('no such table');
  run.audit.commit([row === undefined ? owner.insert(id, body) : owner.update(row, body)], [{ event: 'settings.changed' }]);
}

/** The columns that the table derives from a body. */
function columnsOf({ table, written }: Case): string {
  const sql: Readonly<Record<string, string>> = {
    agents: `, state = '${String(written['state'])}'`,
    approvals: `, state = '${String(written['state'])}', auth_req_hash = '${String(written['authReqHash'])}'`,
    grants: `, live = ${written['endedAt'] === undefined ? 1 : 0}, expires_at = ${String(written['expiresAt'])}`,
  };
  return sql[table] ?? '';
}
const text = (value: unknown): string => `'${JSON.stringify(value).replaceAll("'", "''")}'`;

/** As a program would: the body it wants, no MAC, and beside it what our own statement keeps there, unless told otherwise. */
function strip(given: Case, beside = 'signed_version = version, signed_body = body, signed_mac = mac'): void {
  house.edit(
    `UPDATE ${given.table} SET ${beside}, version = version + 1, mac = NULL, body = ${text(given.written)}${columnsOf(given)} WHERE id = '${idOf(given)}'`,
  );
}
const isUsed = (given: Case): boolean => {
  try {
    return tables[given.table]?.find(idOf(given)) !== undefined;
  } catch (error) {
    if (isRefusal(error, 'row_tampered')) return false;
    throw error;
  }
};
const kinds = (): readonly string[] => run.gaps.open()?.findings.map(({ kind }) => kind) ?? [];
const adoptAll = (): void => Object.values(tables).forEach((table) => void table.adopt());

describe('a row whose MAC was taken off (security rules 3, 8 and 23)', () => {
  test.each(cases)('of $table becomes no more than it was: $signed.state to $written.state', async (given) => {
    await sign(given);
    strip(given);
    start();
    await run.unlock();
    adoptAll();
    expect(kinds()).toEqual(given.becomes === undefined ? ['row_put_back'] : []);
    expect(isUsed(given)).toBe(given.becomes !== undefined);
    if (given.becomes !== undefined) expect(tables[given.table]?.find(idOf(given))?.value).toEqual(given.becomes);
  });

  const lowering = cases.filter(({ becomes }) => becomes !== undefined);
  const older = ['version', 'body', 'mac'].map((name) => `signed_${name} = (SELECT ${name} FROM aside.old)`).join(', ');
  test.each(
    ['agents', 'approvals', 'grants', 'settings'].flatMap((name) =>
      ['signed_mac = NULL', older].map((beside) => ({ beside, given: lowering.find(({ table }) => table === name) as Case })),
    ),
  )(
    'of $given.table with another state beside it than the last one is not used, at no later unlock either',
    async ({ given, beside }) => {
      await sign(given);
      house.edit(`CREATE TABLE aside.old AS SELECT * FROM ${given.table} WHERE id = '${idOf(given)}'`);
      start();
      await run.unlock();
      put(given.table, idOf(given), given.signed);
      await run.end();
      strip(given, beside);
      for (const expected of [['row_put_back'], []]) {
        start();
        await run.unlock();
        adoptAll();
        expect(kinds()).toEqual(expected);
        expect(isUsed(given)).toBe(false);
        if (expected.length > 0) run.gaps.close({ kept: 0, ended: 0, suspended: 0 });
        await run.end();
      }
    },
  );

  test('of a request that was redeemed does not become one that can be redeemed', async () => {
    start();
    await run.unlock();
    payloads.insert({ model: 'BackchannelAuthenticationRequest', id: 'request', payload: { exp: 9e9, clientId: 'a' } });
    payloads.consume('BackchannelAuthenticationRequest', 'request');
    await run.end();
    house.edit(`UPDATE server_payloads SET signed_version = version, signed_body = body, signed_mac = mac, version = version + 1,
      mac = NULL, body = json_remove(body, '$.payload.consumed')`);
    start();
    await run.unlock();
    expect(kinds()).toEqual(['row_put_back']);
    expect(() => payloads.find('BackchannelAuthenticationRequest', 'request')).toThrow();
  });
});

test('while leaves say nothing, because the head was damaged, nothing that was written while locked is taken over (security rule 8)', async () => {
  const given: Case = { table: 'agents', signed: { ...accepted, state: 'suspended' }, written: { ...agent, state: 'pending' } };
  await sign(given);
  strip(given, 'signed_mac = NULL');
  house.edit("DELETE FROM state_leaves WHERE row_id = 'a'");
  start();
  await run.unlock();
  adoptAll();
  expect(kinds()).toEqual(['head_damaged']);
  expect(isUsed(given)).toBe(false);
});

test('every guarded table has room for what was signed before', () => {
  start();
  const columns = run.store.all<{ table: string; name: string }>(
    `SELECT t.name AS "table", c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'`,
  );
  const of = (wanted: string) => columns.filter(({ name }) => name === wanted).map(({ table }) => table);
  const guarded = of('mac').filter((table) => of('id').includes(table) && of('version').includes(table));
  expect(guarded.length).toBeGreaterThan(9);
  for (const name of ['signed_version', 'signed_body', 'signed_mac']) expect(of(name)).toEqual(guarded);
});
