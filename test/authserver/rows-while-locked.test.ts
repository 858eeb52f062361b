import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hashOf } from '../../src/base/ids.ts';
import { granted } from './support/granted.ts';
import type { Door } from './support/open-authserver.ts';
import { openAuthServer } from './support/open-authserver.ts';
import type { StockAgent } from './support/stock-agent.ts';
import { assertion, assertionParameters, cibaGrantType, question, registerAgent, send } from './support/stock-agent.ts';

let door: Door;
let agent: StockAgent;

beforeEach(async () => {
  door = await openAuthServer();
  agent = await registerAgent(door.issuer);
});

afterEach(() => door.close());

type Body = { payload: Record<string, unknown>; grantId?: string; removableAt: number };

/** Edits the row of that model as a program does that writes the file: without the vault's key, columns in line with the body. */
function edit(model: string, change: (body: Body) => void, mac: 'removed' | 'kept' = 'removed'): void {
  for (const row of door.keep.store.all<{ id: string; body: string }>(
    'SELECT id, body FROM server_payloads WHERE model = ?',
    model,
  )) {
    const body = JSON.parse(row.body) as Body;
    change(body);
    door.keep.store.commit([
      {
        sql: `UPDATE server_payloads SET body = ?, grant_id = ?, expires_at = ?${mac === 'removed' ? ', mac = NULL, version = version + 1' : ''} WHERE id = ?`,
        values: [JSON.stringify(body), body.grantId ?? null, body.removableAt, row.id],
      },
    ]);
  }
}

const rows = (model: string) => door.keep.store.all('SELECT id FROM server_payloads WHERE model = ? AND mac IS NOT NULL', model);
const tampered = (): number => door.keep.events().filter((event) => event === 'row.tampered').length;

describe('a row of the authorization server that was edited while locked (security rule 23)', () => {
  test.each(['removed', 'kept'] as const)('an access token for another key is no token (mac %s)', async (mac) => {
    const { accessToken } = await granted(door, agent);
    door.keep.vault.lock();
    edit('AccessToken', (body) => Object.assign(body.payload, { jkt: 'another', exp: 2e9 }), mac);
    await door.keep.unlock();
    expect((await agent.post('/introspect', { token: accessToken })).status).toBe(500);
  });

  test.each(['removed', 'kept'] as const)('a refresh token that was spent is not unspent (mac %s)', async (mac) => {
    const { refreshToken } = await granted(door, agent);
    await agent.refresh(refreshToken);
    door.keep.vault.lock();
    edit('RefreshToken', ({ payload }) => delete payload['consumed'], mac);
    await door.keep.unlock();
    expect((await agent.refresh(refreshToken)).status).not.toBe(200);
    expect(tampered()).toBeGreaterThan(mac === 'removed' ? 0 : -1);
  });

  test('an access token that was put in is no token', async () => {
    const { accessToken, grantId } = await granted(door, agent);
    door.keep.vault.lock();
    const [row] = door.keep.store.all<{ body: string; expires_at: number }>(
      "SELECT * FROM server_payloads WHERE model = 'AccessToken'",
    );
    const forged = hashOf('AccessToken:forged');
    door.keep.store.commit([
      {
        sql: "INSERT INTO server_payloads (id, version, body, mac, model, grant_id, expires_at) VALUES (?, 1, ?, NULL, 'AccessToken', ?, ?)",
        values: [forged, row?.body ?? '', grantId, row?.expires_at ?? 0],
      },
    ]);
    await door.keep.unlock();
    expect((await agent.post('/introspect', { token: 'forged' })).status).toBe(500);
    expect((await agent.post('/introspect', { token: accessToken })).body['active']).toBe(true);
    expect(tampered()).toBeGreaterThan(0);
  });

  test('a request that is said to be answered is not redeemable', async () => {
    const { grantId } = await granted(door, agent);
    const asked = await agent.post('/bc-authorize', question(agent.resource));
    door.keep.vault.lock();
    edit('BackchannelAuthenticationRequest', (body) => {
      body.grantId = grantId;
      body.payload['grantId'] = grantId;
    });
    await door.keep.unlock();
    const answer = await agent.post('/token', { grant_type: cibaGrantType, auth_req_id: String(asked.body['auth_req_id']) });
    expect(answer.body['access_token']).toBeUndefined();
    expect(rows('BackchannelAuthenticationRequest')).toHaveLength(0);
    expect(tampered()).toBeGreaterThan(0);
  });

  test('a request that another agent is written into yields nothing to it: the question and its answer are elsewhere', async () => {
    const thief = await registerAgent(door.issuer, { client_name: 'thief' });
    door.keep.vault.lock();
    const asked = await agent.post('/bc-authorize', question(agent.resource));
    edit('BackchannelAuthenticationRequest', ({ payload }) => Object.assign(payload, { clientId: thief.id }));
    await door.keep.unlock();
    door.approve(door.onlyPending());
    const id = String(asked.body['auth_req_id']);
    expect((await thief.poll(id)).body['error']).toBe('invalid_grant');
    const [approval] = door.approvals.listRecent(1);
    expect([approval?.state, approval?.pinnedJkt]).toEqual(['approved', undefined]);
    expect((await agent.poll(id)).body['access_token']).toBeUndefined();
  });
});

describe('an assertion that was used (security rule 18)', () => {
  const used = () => assertion({ key: agent.key, id: agent.id, issuer: door.issuer });
  const ask = (value: string) =>
    send(`${door.issuer}/bc-authorize`, { client_id: agent.id, ...assertionParameters(value), ...question(agent.resource) });
  const forget = (): void =>
    door.keep.store.commit([{ sql: "DELETE FROM server_payloads WHERE model = 'ReplayDetection'", values: [] }]);

  test.each([
    ['the same database', () => {}],
    ['a database from before it', forget],
  ])('is refused after a restart over %s', async (_which, restore) => {
    await door.advance(2_000);
    const value = used();
    expect((await ask(value)).status).toBe(200);
    await door.advance(2_000);
    restore();
    door = await door.restart();
    expect((await ask(value)).body['error']).toBe('invalid_client');
    await door.advance(1_000);
    expect((await ask(used())).status).toBe(200);
  });

  test('is refused when the clock is set back after its memory went', async () => {
    await door.advance(2_000);
    const value = used();
    expect((await ask(value)).status).toBe(200);
    await door.advance(120_000);
    door.server.sweep();
    expect(door.keep.store.all("SELECT id FROM server_payloads WHERE model = 'ReplayDetection'")).toEqual([]);
    door.keep.clock.set(door.keep.clock.now() - 120_000);
    await door.advance(0);
    expect((await ask(value)).body['error']).toBe('invalid_client');
    expect((await ask(used())).status).toBe(200);
  });
});
