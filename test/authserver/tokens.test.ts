import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Refusal } from '../../src/base/errors.ts';
import type { AgentId } from '../../src/base/ids.ts';
import { asId } from '../../src/base/ids.ts';
import { onCommit } from './support/crash-images.ts';
import { granted } from './support/granted.ts';
import type { Door } from './support/open-authserver.ts';
import { openAuthServer } from './support/open-authserver.ts';
import type { StockAgent } from './support/stock-agent.ts';
import { newKey, registerAgent } from './support/stock-agent.ts';

const fewerAccounts = { type: 'account_information', actions: ['list_accounts'] };

let door: Door;
let agent: StockAgent;

beforeEach(async () => {
  door = await openAuthServer();
  agent = await registerAgent(door.issuer);
});

afterEach(() => door.close());

const isActive = async (token: string, by = agent): Promise<unknown> => (await by.post('/introspect', { token })).body['active'];

describe('a refresh token', () => {
  test('is rotated, and the new one works', async () => {
    const { refreshToken } = await granted(door, agent);
    const first = await agent.refresh(refreshToken);
    const second = await agent.refresh(String(first.body['refresh_token']));
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(new Set([refreshToken, first.body['refresh_token'], second.body['refresh_token']]).size).toBe(3);
    expect(door.keep.events().filter((event) => event === 'token.refreshed').length).toBeGreaterThanOrEqual(2);
  });

  test('works with the key of its grant only, though the agent is a confidential client', async () => {
    const { refreshToken } = await granted(door, agent);
    expect((await agent.refresh(refreshToken, { dpopKey: await newKey() })).body['error']).toBe('invalid_grant');
    expect(door.revoked).toEqual([]);
    expect((await agent.refresh(refreshToken)).status).toBe(200);
  });

  test('of another agent is not found', async () => {
    const { refreshToken } = await granted(door, agent);
    const other = await registerAgent(door.issuer, { client_name: 'other' });
    expect((await other.refresh(refreshToken, { dpopKey: agent.dpopKey })).body['error']).toBe('invalid_grant');
    expect(door.revoked).toEqual([]);
  });

  test('that nobody gave is not found', async () => {
    expect((await agent.refresh('made-up')).body['error']).toBe('invalid_grant');
  });

  test.each([
    ['scope', { scope: 'openid' }, 'invalid_scope'],
    [
      'authorization_details',
      { resource: 'own', authorization_details: JSON.stringify([fewerAccounts]) },
      'invalid_authorization_details',
    ],
  ])(
    'gives nothing narrower by %s than its grant, and leaves the grant as it is (RFC 9396, 5; security rule 7)',
    async (_of, parameters, error) => {
      const { refreshToken, grantId } = await granted(door, agent);
      const before = door.grants.find(grantId);
      const sent = 'resource' in parameters ? { ...parameters, resource: agent.resource } : parameters;
      expect((await agent.refresh(refreshToken, { parameters: sent })).body['error']).toBe(error);
      expect(door.grants.find(grantId)).toEqual(before);
      expect((await agent.refresh(refreshToken)).body['authorization_details']).toEqual(before?.details);
    },
  );

  test.each([
    ['another resource', (issuer: string) => `${issuer}/proxy/archive`],
    ['what is no resource', (issuer: string) => `${issuer}/proxy/nothing`],
  ])('gives nothing for %s (RFC 8707, 2.2)', async (_of, resource) => {
    const { refreshToken } = await granted(door, agent);
    const parameters = { resource: resource(door.issuer) };
    expect((await agent.refresh(refreshToken, { parameters })).body['error']).toBe('invalid_target');
    expect((await agent.refresh(refreshToken, { parameters: { resource: agent.resource } })).status).toBe(200);
  });

  test('gives no more scopes than the grant has', async () => {
    const { refreshToken } = await granted(door, agent);
    expect((await agent.refresh(refreshToken, { parameters: { scope: 'openid payments' } })).body['error']).toBe('invalid_scope');
  });

  test('yields nothing once the grant is ended, with the reason', async () => {
    const { refreshToken, grantId } = await granted(door, agent);
    door.grants.end(grantId, 'revoked');
    expect((await agent.refresh(refreshToken)).body).toMatchObject({
      error: 'invalid_grant',
      error_description: expect.stringContaining('ended') as string,
    });
  });

  test('yields nothing once the grant has expired', async () => {
    const { refreshToken } = await granted(door, agent);
    await door.advance(15 * 60_000);
    expect((await agent.refresh(refreshToken)).body['error']).toBe('invalid_grant');
  });

  test('yields nothing to a suspended agent', async () => {
    const { refreshToken } = await granted(door, agent);
    door.agents.suspend(asId<AgentId>(agent.id));
    expect((await agent.refresh(refreshToken)).body['error']).toBe('access_denied');
  });

  test('is not given to an agent that did not register for it', async () => {
    const once = await registerAgent(door.issuer, { client_name: 'once', grant_types: ['urn:openid:params:grant-type:ciba'] });
    expect((await granted(door, once)).refreshToken).toBe('undefined');
  });
});

describe('introspection, RFC 7662', () => {
  test('tells of a live token what the grant row says', async () => {
    const { accessToken } = await granted(door, agent);
    const { status, body } = await agent.post('/introspect', { token: accessToken });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      active: true,
      client_id: agent.id,
      aud: agent.resource,
      scope: 'accounts',
      token_type: 'DPoP',
      iss: door.issuer,
      cnf: { jkt: agent.dpopKey.thumbprint },
    });
    expect(JSON.stringify(body)).not.toContain(accessToken);
  });

  test('names the receipt of the approval that the token comes from, after a refresh too (security rule 24)', async () => {
    const { accessToken, refreshToken } = await granted(door, agent);
    const [grant] = door.grants.list();
    const receiptOf = async (token: string): Promise<unknown> => (await agent.post('/introspect', { token })).body['receipt_id'];
    expect(grant?.receiptId).toBeTruthy();
    expect(await receiptOf(accessToken)).toBe(grant?.receiptId);
    const { body } = await agent.refresh(refreshToken);
    expect(await receiptOf(String(body['access_token']))).toBe(grant?.receiptId);
  });

  test("tells an agent nothing of another agent's token", async () => {
    const { accessToken } = await granted(door, agent);
    const other = await registerAgent(door.issuer, { client_name: 'other' });
    expect((await other.post('/introspect', { token: accessToken })).body).toEqual({ active: false });
  });

  test.each([
    ['an ended grant', async (id: Parameters<Door['grants']['end']>[0]) => void door.grants.end(id, 'revoked')],
    ['a suspended agent', async () => door.agents.suspend(asId<AgentId>(agent.id))],
    ['paused agents', async () => door.agents.pauseAll()],
    ['time that is over', async () => door.advance(300_000)],
  ])('calls a token inactive after %s', async (_what, change) => {
    const { accessToken, grantId } = await granted(door, agent);
    expect(await isActive(accessToken)).toBe(true);
    await change(grantId);
    expect((await agent.post('/introspect', { token: accessToken })).body).toEqual({ active: false });
  });

  test('calls an unknown token inactive', async () => {
    expect((await agent.post('/introspect', { token: 'made-up' })).body).toEqual({ active: false });
  });

  test('wants a token', async () => {
    expect((await agent.post('/introspect', {})).body['error']).toBe('invalid_request');
  });

  test('wants a client', async () => {
    const answer = await fetch(`${door.issuer}/introspect`, { method: 'POST', body: new URLSearchParams({ token: 'x' }) });
    expect(answer.status).toBe(400);
  });
});

describe('revocation, RFC 7009', () => {
  test('of a refresh token ends the grant and every token of it (RFC 7009, 2.1)', async () => {
    const tokens = await granted(door, agent);
    const { status } = await agent.post('/revoke', { token: tokens.refreshToken });
    expect(status).toBe(200);
    expect(new Set(door.revoked)).toEqual(new Set([tokens.grantId]));
    expect(await isActive(tokens.accessToken)).toBe(false);
    expect((await agent.refresh(tokens.refreshToken)).body['error']).toBe('invalid_grant');
    expect(door.keep.events()).toEqual(expect.arrayContaining(['token.revoked', 'grant.revoked']));
  });

  test('of an access token ends that token and nothing else (RFC 7009, 2.1)', async () => {
    const tokens = await granted(door, agent);
    expect((await agent.post('/revoke', { token: tokens.accessToken })).status).toBe(200);
    expect(await isActive(tokens.accessToken)).toBe(false);
    expect(door.revoked).toEqual([]);
    expect(door.keep.events()).toContain('token.revoked');
    expect((await agent.refresh(tokens.refreshToken)).status).toBe(200);
  });

  test.each(['accessToken', 'refreshToken'] as const)('of an %s may be repeated (RFC 7009, 2.2)', async (which) => {
    const tokens = await granted(door, agent);
    const answers = [1, 2, 3].map(() => agent.post('/revoke', { token: tokens[which] }));
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200]);
    const told = door.keep.audit.list({ grantId: tokens.grantId, limit: 200 }).filter(({ event }) => event === 'token.revoked');
    expect(told).toHaveLength(1);
  });

  test.each(['access_token', 'refresh_token', 'something'])(
    'finds the token whatever token_type_hint says: %s (RFC 7009, 2.1)',
    async (token_type_hint) => {
      const tokens = await granted(door, agent);
      expect((await agent.post('/revoke', { token: tokens.refreshToken, token_type_hint })).status).toBe(200);
      expect(door.revoked).toContain(tokens.grantId);
    },
  );

  test('ends the grant first: a crash in between leaves no grant that its agent gave up', async () => {
    const tokens = await granted(door, agent);
    const stop = onCommit(door.keep.store, (run, change) => {
      if (change.some(({ sql }) => sql.startsWith('DELETE FROM server_payloads')))
        throw new Refusal('store_failed', 'The disk is gone.');
      run();
    });
    await agent.post('/revoke', { token: tokens.refreshToken });
    stop();
    expect(door.grants.find(tokens.grantId)?.endedBy).toBe('revoked');
  });

  test("of another agent's token does nothing, and says so to nobody", async () => {
    const { accessToken } = await granted(door, agent);
    const other = await registerAgent(door.issuer, { client_name: 'other' });
    expect((await other.post('/revoke', { token: accessToken })).status).toBe(200);
    expect(await isActive(accessToken)).toBe(true);
  });

  test('of an unknown token is fine', async () => {
    expect((await agent.post('/revoke', { token: 'made-up' })).status).toBe(200);
    expect(door.revoked).toEqual([]);
  });

  test('leaves the other grants of the agent alone', async () => {
    const one = await granted(door, agent);
    const other = await granted(door, agent);
    await agent.post('/revoke', { token: one.refreshToken });
    expect(await isActive(other.accessToken)).toBe(true);
  });
});

describe('a token as it is kept', () => {
  test('is written in the same transaction as its event, by its hash', async () => {
    const { accessToken, grantId } = await granted(door, agent);
    const issued = door.keep.audit.list({ grantId, limit: 200 }).filter((entry) => entry.event === 'token.issued');
    expect(issued).toHaveLength(2);
    expect(issued.map((entry) => entry.facts?.['kind']).toSorted()).toEqual(['access', 'refresh']);
    expect(JSON.stringify(issued)).not.toContain(accessToken);
  });

  test('is refused when its row was changed in the file (security rule 3)', async () => {
    const { accessToken } = await granted(door, agent);
    door.keep.store.commit([
      {
        sql: "UPDATE server_payloads SET body = replace(body, 'accounts', 'payments') WHERE model = 'AccessToken'",
        values: [],
      },
    ]);
    expect((await agent.post('/introspect', { token: accessToken })).status).toBe(500);
  });

  test('goes when it is over, and its request a while later', async () => {
    await granted(door, agent);
    const models = () => door.keep.store.all<{ model: string }>('SELECT model FROM server_payloads').map((row) => row.model);
    expect(models()).toContain('AccessToken');
    await door.advance(400_000);
    door.server.sweep();
    expect(models()).not.toContain('AccessToken');
    expect(models()).not.toContain('ReplayDetection');
    expect(models()).toContain('BackchannelAuthenticationRequest');
    await door.advance(15 * 60_000);
    door.server.sweep();
    expect(models()).toEqual([]);
  });
});
