import * as oauth from 'openid-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AgentId } from '../../src/base/ids.ts';
import { asId } from '../../src/base/ids.ts';
import { accounts } from '../details/samples.ts';
import { heldPoll } from './support/held-poll.ts';
import type { Door } from './support/open-authserver.ts';
import { openAuthServer } from './support/open-authserver.ts';
import type { Answer, StockAgent } from './support/stock-agent.ts';
import { newKey, proofFor, question, registerAgent, send, signJwt } from './support/stock-agent.ts';

let door: Door;
let agent: StockAgent;

beforeEach(async () => {
  door = await openAuthServer();
  agent = await registerAgent(door.issuer);
});

afterEach(() => door.close());

const ask = (
  parameters: Readonly<Record<string, string | readonly string[]>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> => agent.post('/bc-authorize', { ...question(agent.resource), ...parameters }, { headers });

async function asked(parameters: Readonly<Record<string, string>> = {}): Promise<string> {
  const answer = await ask(parameters);
  expect(answer.status).toBe(200);
  return String(answer.body['auth_req_id']);
}

const held = (id: string, how: Parameters<StockAgent['poll']>[1] = {}) => heldPoll(door, agent, { id, ...how });

describe('CIBA Core 1.0, section 7: the request', () => {
  test('is answered with an id, its lifetime and the interval', async () => {
    const answer = await ask();
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.body).toEqual({
      auth_req_id: expect.stringMatching(/^[A-Za-z0-9._-]{43,}$/) as string,
      expires_in: 300,
      interval: 1,
    });
  });

  test('is on disk before it is answered', async () => {
    await asked();
    expect(
      door.keep.store.all('SELECT model FROM server_payloads WHERE model = ?', 'BackchannelAuthenticationRequest'),
    ).toHaveLength(1);
    expect(door.onlyPending().state).toBe('pending');
  });

  test('carries what the system says about the process', async () => {
    await asked();
    expect(door.onlyPending().evidence.process?.pid).toBe(4711);
    expect(door.platform.processes.asked.at(-1)).toMatchObject({
      kind: 'tcp',
      family: 4,
      localPort: Number(new URL(door.issuer).port),
    });
  });

  test.each([
    ['another hint', { login_hint: 'alice' }, 'unknown_user_id'],
    ['a hint token', { login_hint: '', login_hint_token: 'x' }, 'unknown_user_id'],
    ['an ID token as hint', { login_hint: '', id_token_hint: 'x' }, 'unknown_user_id'],
    ['no hint', { login_hint: '' }, 'invalid_request'],
    ['two hints', { login_hint_token: 'x' }, 'invalid_request'],
    ['no openid scope', { scope: 'accounts' }, 'invalid_request'],
    ['no scope', { scope: '' }, 'invalid_request'],
    ['a scope of no resource', { scope: 'openid root' }, 'invalid_scope'],
    ['a scope that no detail needs', { scope: 'openid accounts payments' }, 'invalid_scope'],
    ['a signed request that is none', { request: 'a.b.c' }, 'invalid_request'],
    ['a lifetime of zero', { requested_expiry: '0' }, 'invalid_request'],
    ['a lifetime that is no number', { requested_expiry: 'soon' }, 'invalid_request'],
  ])('with %s is refused', async (_what, parameters, error) => {
    const answer = await ask(parameters);
    expect(answer.status).toBe(400);
    expect(answer.body['error']).toBe(error);
    expect(answer.headers.get('content-type')).toContain('application/json');
    expect(door.approvals.listPending()).toEqual([]);
  });

  test.each([
    ['a line break', 'one\ntwo'],
    ['a bidi override', 'abc\u202edef'],
    ['a zero-width space', 'abc\u200bdef'],
    ['more than 200 characters', 'a'.repeat(201)],
  ])('with %s in its message is refused', async (_what, binding_message) => {
    expect((await ask({ binding_message })).body['error']).toBe('invalid_binding_message');
  });

  test.each([
    ['600', 600],
    ['601', 600],
    ['86400', 600],
    ['60', 60],
    ['30', 30],
    ['29', 30],
    ['1', 30],
  ])('asking for %s seconds gets %i, and is told so (security rule 29)', async (requested_expiry, seconds) => {
    expect((await ask({ requested_expiry })).body['expires_in']).toBe(seconds);
    expect(door.onlyPending().expiresAt).toBe(door.keep.clock.now() + seconds * 1000);
  });

  test('with the same parameter twice is refused', async () => {
    expect((await ask({ login_hint: ['me', 'me'] })).body['error']).toBe('invalid_request');
  });

  test('that is no form is refused', async () => {
    const answer = await fetch(`${door.issuer}/bc-authorize`, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    });
    expect(answer.status).toBe(415);
  });

  test('that is too large is refused', async () => {
    const answer = await fetch(`${door.issuer}/bc-authorize`, {
      method: 'POST',
      body: new URLSearchParams({ a: 'x'.repeat(57 * 1024) }),
    });
    expect(answer.status).toBe(413);
  });

  test('is refused with JSON also to a caller that prefers pages', async () => {
    const answer = await ask({ login_hint: 'alice' }, { accept: 'text/html' });
    expect(answer.headers.get('content-type')).toContain('application/json');
  });

  test('of too many is refused with a wait, and leaves nothing behind', async () => {
    for (let count = 0; count < 10; count += 1) await asked();
    const answer = await ask();
    expect(answer.status).toBe(429);
    expect(answer.body).toMatchObject({ error: 'temporarily_unavailable', retry_after: expect.any(Number) as number });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(door.keep.store.all('SELECT id FROM server_payloads WHERE model = ?', 'BackchannelAuthenticationRequest')).toHaveLength(
      10,
    );
  });

  test('of a suspended agent is refused', async () => {
    door.agents.suspend(asId<AgentId>(agent.id));
    const answer = await ask();
    expect([answer.status, answer.body['error']]).toEqual([403, 'access_denied']);
  });

  test('of a removed agent is refused', async () => {
    door.agents.remove(asId<AgentId>(agent.id));
    const answer = await ask();
    expect([answer.status, answer.body['error']]).toEqual([401, 'invalid_client']);
  });

  test('is refused for a while when all agents are paused', async () => {
    door.agents.pauseAll();
    const answer = await ask();
    expect([answer.status, answer.body['error']]).toEqual([503, 'temporarily_unavailable']);
  });

  test('with a proof is bound to that key', async () => {
    const other = await newKey();
    const answer = await ask(
      {},
      { DPoP: proofFor(other, { htm: 'POST', htu: `${door.issuer}/bc-authorize`, nonce: door.server.nonce() }) },
    );
    expect(door.onlyPending().requestedJkt).toBe(other.thumbprint);
    expect((await agent.poll(String(answer.body['auth_req_id']))).body['error']).toBe('invalid_grant');
  });

  test('with a proof that is not valid is refused', async () => {
    const answer = await ask({}, { DPoP: proofFor(agent.dpopKey, { htm: 'POST', htu: `${door.issuer}/token` }) });
    expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_dpop_proof']);
  });
});

describe('CIBA Core 1.0, section 7.1: client authentication', () => {
  const claims = (more: Readonly<Record<string, unknown>> = {}) => {
    const now = Math.floor(door.keep.clock.now() / 1000);
    return { iss: agent.id, sub: agent.id, aud: door.issuer, jti: crypto.randomUUID(), iat: now, exp: now + 60, ...more };
  };
  const askWith = (assertion: string) => agent.post('/bc-authorize', question(agent.resource), { assertion });

  test.each(['', '/token', '/bc-authorize'])('accepts the audience issuer%s', async (path) => {
    expect((await askWith(signJwt(agent.key, { alg: 'ES256' }, claims({ aud: `${door.issuer}${path}` })))).status).toBe(200);
  });

  test.each([
    ['for another audience', { aud: 'https://other.example' }],
    ['of another issuer', { iss: 'agent_other' }],
    ['without jti', { jti: undefined }],
    ['without exp', { exp: undefined }],
    ['living longer than a minute (security rule 18)', { exp: 1e10 }],
    ['made in the future', { iat: 4e9, exp: 4e9 + 60 }],
    ['made in the future without saying so', { iat: undefined, exp: 4e9 }],
    ['made long ago for a long life (security rule 18)', { iat: 1 }],
  ])('refuses an assertion %s', async (_what, more) => {
    const answer = await askWith(signJwt(agent.key, { alg: 'ES256' }, claims(more)));
    expect([answer.status, answer.body['error']]).toEqual([401, 'invalid_client']);
  });

  test('refuses an assertion that has expired', async () => {
    const assertion = signJwt(agent.key, { alg: 'ES256' }, claims());
    await door.advance(66_000);
    expect((await askWith(assertion)).status).toBe(401);
  });

  test('refuses an assertion by another key', async () => {
    expect((await askWith(signJwt(await newKey(), { alg: 'ES256' }, claims()))).status).toBe(401);
  });

  test('refuses an assertion that was used before (security rule 18)', async () => {
    const assertion = signJwt(agent.key, { alg: 'ES256' }, claims());
    expect((await askWith(assertion)).status).toBe(200);
    expect((await askWith(assertion)).status).toBe(401);
  });

  test('refuses all but one of racing copies of an assertion (security rule 18)', async () => {
    const assertion = signJwt(agent.key, { alg: 'ES256' }, claims());
    const answers = await Promise.all(Array.from({ length: 6 }, () => askWith(assertion)));
    expect(answers.map((answer) => answer.status).toSorted()).toEqual([200, 401, 401, 401, 401, 401]);
    expect(door.approvals.listPending()).toHaveLength(1);
  });

  test('refuses another spelling of an assertion that was used (security rule 18)', async () => {
    const assertion = signJwt(agent.key, { alg: 'ES256' }, claims());
    expect((await askWith(assertion)).status).toBe(200);
    for (const spelling of [`${assertion}=`, `${assertion} `, assertion.replace('.', '=.')])
      expect((await askWith(spelling)).status).toBeGreaterThanOrEqual(400);
  });

  test('refuses an assertion of an earlier run, with the database of that time (security rule 18)', async () => {
    const assertion = signJwt(agent.key, { alg: 'ES256' }, claims());
    expect((await askWith(assertion)).status).toBe(200);
    await door.advance(1_000);
    door = await door.restart();
    door.keep.store.commit([{ sql: "DELETE FROM server_payloads WHERE model = 'ReplayDetection'", values: [] }]);
    expect((await askWith(assertion)).status).toBe(401);
    expect((await askWith(signJwt(agent.key, { alg: 'ES256' }, claims()))).status).toBe(200);
  });

  test('is demanded', async () => {
    const answer = await send(`${door.issuer}/bc-authorize`, { client_id: agent.id, ...question(agent.resource) });
    expect([answer.status, answer.body['error']]).toEqual([401, 'invalid_client']);
  });
});

describe('CIBA Core 1.0, sections 10 and 11: the token request', () => {
  test('is held until the person answers, and gets the tokens at once', async () => {
    const id = await asked();
    const { answer } = await held(id);
    door.approve(door.onlyPending());
    expect((await answer).body).toMatchObject({
      token_type: 'DPoP',
      expires_in: 300,
      scope: 'accounts',
      authorization_details: [accounts],
    });
  });

  test('is answered authorization_pending after twenty seconds, and may come again at once', async () => {
    const id = await asked();
    const first = await held(id);
    await door.advance(20_000);
    expect([(await first.answer).status, (await first.answer).body['error']]).toEqual([400, 'authorization_pending']);
    const second = await held(id);
    door.approve(door.onlyPending());
    expect((await second.answer).status).toBe(200);
  });

  test('gives way to a younger one for the same request', async () => {
    const id = await asked();
    const first = await held(id);
    await door.advance(1_000);
    const second = await held(id);
    expect((await first.answer).body['error']).toBe('authorization_pending');
    door.approve(door.onlyPending());
    expect((await second.answer).status).toBe(200);
  });

  test('hears the reason when the person says no', async () => {
    const id = await asked();
    const { answer } = await held(id);
    door.approvals.deny(door.onlyPending().id, 'Nein, “später” bitte');
    expect((await answer).status).toBe(400);
    expect((await answer).body).toMatchObject({
      error: 'access_denied',
      error_description: 'Nein, ?sp?ter? bitte',
      reason: 'Nein, “später” bitte',
    });
  });

  test('hears expired_token when nobody answered', async () => {
    const id = await asked({ requested_expiry: '30' });
    await door.advance(20_000);
    const { answer } = await held(id);
    await door.advance(10_000);
    expect((await answer).body['error']).toBe('expired_token');
    expect((await agent.poll(id)).body['error']).toBe('expired_token');
  });

  test('hears that the request was withdrawn', async () => {
    const id = await asked();
    door.approvals.cancel(door.onlyPending().id);
    expect((await agent.poll(id)).body['error']).toBe('access_denied');
  });

  test('is released and refused when the agent is suspended while it waits', async () => {
    const id = await asked();
    const { answer } = await held(id);
    door.agents.suspend(asId<AgentId>(agent.id));
    expect([(await answer).status, (await answer).body['error']]).toEqual([403, 'access_denied']);
  });

  test('loses nothing when the agent has left just before the answer', async () => {
    const id = await asked();
    const leaving = new AbortController();
    const { answer } = await held(id, { signal: leaving.signal });
    leaving.abort();
    door.approve(door.onlyPending());
    await expect(answer).rejects.toThrow();
    expect((await agent.poll(id)).status).toBe(200);
  });

  test('for an unknown request is refused', async () => {
    expect((await agent.poll('unknown')).body['error']).toBe('invalid_grant');
  });

  test("for another agent's request is refused", async () => {
    const id = await asked();
    const other = await registerAgent(door.issuer, { client_name: 'other' });
    expect((await other.poll(id)).body['error']).toBe('invalid_grant');
  });

  test('without auth_req_id is refused', async () => {
    expect((await agent.poll('')).body['error']).toBe('invalid_request');
  });

  test('succeeds once: a second redemption is refused and ends nothing', async () => {
    const id = await asked();
    door.approve(door.onlyPending());
    const first = await agent.poll(id);
    expect((await agent.poll(id)).body['error']).toBe('invalid_grant');
    expect((await agent.refresh(String(first.body['refresh_token']))).status).toBe(200);
    expect(door.revoked).toEqual([]);
  });

  test('succeeds once of many that race', async () => {
    const id = await asked();
    door.approve(door.onlyPending());
    const answers = await Promise.all(Array.from({ length: 6 }, () => agent.poll(id)));
    expect(answers.map((answer) => answer.status).toSorted()).toEqual([200, 400, 400, 400, 400, 400]);
    const issued = door.keep.store.all("SELECT id FROM server_payloads WHERE model = 'AccessToken'");
    expect(issued).toHaveLength(1);
    expect(door.revoked).toEqual([]);
  });

  test('after a restart gets what was approved before it', async () => {
    const id = await asked();
    door.approve(door.onlyPending());
    await door.advance(1_000);
    door = await door.restart();
    expect((await agent.poll(id)).status).toBe(200);
  });

  test('gets nothing once the grant is ended', async () => {
    const id = await asked();
    const { grantId } = door.approve(door.onlyPending());
    if (grantId !== undefined) door.grants.end(grantId, 'revoked');
    expect((await agent.poll(id)).body['error']).toBe('invalid_grant');
  });

  test('gets no token that outlives the grant', async () => {
    const id = await asked();
    door.approve(door.onlyPending());
    await door.advance(100_000);
    const first = await agent.poll(id);
    expect(first.body['expires_in']).toBe(300);
    await door.advance(15 * 60_000 - 100_000 - 120_000);
    expect((await agent.refresh(String(first.body['refresh_token']))).body['expires_in']).toBe(120);
  });

  test('by openid-client waits its interval and finds the answer', async () => {
    const response = await agent.ask();
    const polling = oauth.pollBackchannelAuthenticationGrant(agent.config, response, undefined, { DPoP: agent.dpop });
    door.approvals.deny(door.onlyPending().id);
    await expect(polling).rejects.toMatchObject({ error: 'access_denied' });
  });

  test('is kept apart from the request: a lone row of the library is never redeemable', async () => {
    const id = await asked();
    door.keep.store.commit([{ sql: 'DELETE FROM approvals', values: [] }]);
    expect((await agent.poll(id)).body['error']).toBe('invalid_grant');
  });
});
