import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AgentId } from '../../src/base/ids.ts';
import { asId } from '../../src/base/ids.ts';
import { ledger, notes } from './support/fake-connections.ts';
import { type Granted, granted } from './support/granted.ts';
import { type Door, openAuthServer } from './support/open-authserver.ts';
import { serverPost } from './support/resource-server.ts';
import { assertion, newKey, proofFor, registerAgent, type SigningKey, type StockAgent } from './support/stock-agent.ts';

let door: Door;
let agent: StockAgent;
let serverKey: SigningKey;
let tokens: Granted;

const forLedger = { resource: 'http://127.0.0.1:9002/' };

beforeEach(async () => {
  door = await openAuthServer();
  serverKey = await newKey();
  door.locals.push(notes, ledger(serverKey));
  agent = await registerAgent(door.issuer);
  tokens = await granted(door, agent, { parameters: forLedger });
});

afterEach(() => door.close());

const ask = (token: string) => serverPost({ door, key: serverKey }, { token });
const told = () => door.keep.audit.list({ limit: 200 }).filter(({ event }) => event === 'token.introspected');

describe('introspection by a local resource server, RFC 7662', () => {
  test('tells of a token that is for it', async () => {
    const { status, body } = await ask(tokens.accessToken);
    const grant = door.grants.find(tokens.grantId);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      active: true,
      aud: forLedger.resource,
      client_id: agent.id,
      iss: door.issuer,
      scope: 'accounts',
      token_type: 'DPoP',
      cnf: { jkt: agent.dpopKey.thumbprint },
      authorization_details: grant?.details,
      receipt_id: grant?.receiptId,
    });
    expect(JSON.stringify(body)).not.toContain(tokens.accessToken);
  });

  test('tells nothing of a token that is for another, of a refresh token, a JWT, and what is no token (RFC 7662, 2.2 and 4)', async () => {
    const own = await granted(door, agent);
    const signed = await granted(door, agent, { parameters: { resource: notes.indicator } });
    for (const token of [
      own.accessToken,
      own.refreshToken,
      tokens.refreshToken,
      signed.accessToken,
      signed.refreshToken,
      'made-up',
      tokens.authReqId,
    ]) {
      const { status, body } = await ask(token);
      expect([status, body]).toEqual([200, { active: false }]);
    }
  });

  test.each([
    ['an ended grant', async () => void door.grants.end(tokens.grantId, 'revoked')],
    ['a suspended agent', async () => door.agents.suspend(asId<AgentId>(agent.id))],
    ['paused agents', async () => door.agents.pauseAll()],
    ['time that is over', async () => door.advance(300_000)],
    ['revocation of the token', async () => void (await agent.post('/revoke', { token: tokens.accessToken }))],
  ])('tells nothing after %s', async (_what, change) => {
    expect((await ask(tokens.accessToken)).body['active']).toBe(true);
    await change();
    expect((await ask(tokens.accessToken)).body).toEqual({ active: false });
  });

  test('counts as a use: a grant for once is told of once (security rule 28)', async () => {
    const once = await granted(door, agent, { lifetime: 'once', parameters: forLedger });
    const answers = await Promise.all([1, 2, 3, 4].map(() => ask(once.accessToken)));
    expect(answers.filter(({ body }) => body['active'] === true)).toHaveLength(1);
    expect(answers.filter(({ body }) => body['active'] === false && Object.keys(body).length === 1)).toHaveLength(3);
    expect(door.grants.find(once.grantId)).toMatchObject({ usesReserved: 1 });
  });

  test('is no use when the agent asks about its own token', async () => {
    const once = await granted(door, agent, { lifetime: 'once', parameters: forLedger });
    expect((await agent.post('/introspect', { token: once.accessToken })).body['active']).toBe(true);
    expect((await agent.post('/introspect', { token: once.accessToken })).body['active']).toBe(true);
    expect((await ask(once.accessToken)).body['active']).toBe(true);
  });

  test('makes the answer of a refresh a received one', async () => {
    const { body } = await agent.refresh(tokens.refreshToken);
    await ask(String(body['access_token']));
    expect((await agent.refresh(tokens.refreshToken)).body['error']).toBe('invalid_grant');
    expect(door.revoked).toContain(tokens.grantId);
  });

  test('is written down, bounded, with the hash of the token only', async () => {
    await ask(tokens.accessToken);
    await ask('made-up');
    expect(told().map(({ outcome, grantId }) => [outcome, grantId])).toEqual([
      ['denied', undefined],
      ['ok', tokens.grantId],
    ]);
    expect(JSON.stringify(told())).not.toContain(tokens.accessToken);
  });

  test('is refused while locked: a stored token cannot be told from a forged one (security rule 23)', async () => {
    door.keep.vault.lock();
    const { status, body } = await ask(tokens.accessToken);
    expect([status, body['error'], body['active']]).toEqual([503, 'temporarily_unavailable', undefined]);
  });

  test('is refused to who asks too often, for a second', async () => {
    const answers = await Promise.all(Array.from({ length: 110 }, () => ask('made-up')));
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(10);
    expect(answers.find(({ status }) => status === 429)?.headers.get('retry-after')).toBe('1');
    await door.advance(1000);
    expect((await ask(tokens.accessToken)).body['active']).toBe(true);
  });
});

describe('the credential of a local resource server', () => {
  test.each([
    ['another key', async () => serverPost({ door, key: await newKey() }, { token: tokens.accessToken })],
    [
      'the name of a server that checks signatures',
      async () => serverPost({ door, key: serverKey, id: notes.id }, { token: tokens.accessToken }),
    ],
    ['the name of nobody', async () => serverPost({ door, key: serverKey, id: 'resource_nobody' }, { token: tokens.accessToken })],
    [
      'an assertion of the agent',
      async () => {
        const signed = assertion({ key: agent.key, id: 'resource_ledger', issuer: door.issuer });
        return agent.post('/introspect', { client_id: 'resource_ledger', token: tokens.accessToken }, { assertion: signed });
      },
    ],
  ])('is its pinned key: not %s', async (_what, attempt) => {
    const { status, body } = await attempt();
    expect([status, body['error'], body['active']]).toEqual([401, 'invalid_client', undefined]);
  });

  test('is used once for each question (security rule 18)', async () => {
    const signed = assertion({ key: serverKey, id: 'resource_ledger', issuer: door.issuer });
    const again = () =>
      agent.post('/introspect', { client_id: 'resource_ledger', token: tokens.accessToken }, { assertion: signed });
    expect([(await again()).status, (await again()).status]).toEqual([200, 401]);
  });

  test('ends with the resource', async () => {
    door.locals.pop();
    expect((await ask(tokens.accessToken)).body['error']).toBe('invalid_client');
  });

  test.each([
    ['/bc-authorize', { scope: 'openid', login_hint: 'me', resource: forLedger.resource }],
    ['/token', { grant_type: 'urn:openid:params:grant-type:ciba', auth_req_id: 'x' }],
    ['/token', { grant_type: 'refresh_token', refresh_token: 'x' }],
  ])('gets nothing at %s', async (path, parameters) => {
    const { status, body } = await serverPost({ door, key: serverKey, path }, parameters);
    expect([status, body['error']]).toEqual([400, expect.stringMatching(/^unauthorized_client$|^invalid_request$/)]);
  });

  test('takes nothing away at /revoke', async () => {
    expect((await serverPost({ door, key: serverKey, path: '/revoke' }, { token: tokens.accessToken })).status).toBe(200);
    expect((await ask(tokens.accessToken)).body['active']).toBe(true);
  });

  test('redeems no token of an agent that it was shown', async () => {
    const proof = proofFor(serverKey, { htm: 'POST', htu: `${door.issuer}/token`, nonce: door.server.nonce() });
    const parameters = { grant_type: 'refresh_token', refresh_token: tokens.refreshToken };
    const signed = assertion({ key: serverKey, id: 'resource_ledger', issuer: door.issuer });
    const { body } = await agent.post(
      '/token',
      { client_id: 'resource_ledger', ...parameters },
      { assertion: signed, headers: { DPoP: proof } },
    );
    expect(body['error']).toMatch(/^(unauthorized_client|invalid_request)$/);
    expect((await agent.refresh(tokens.refreshToken)).status).toBe(200);
  });
});
