import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as oauth from 'openid-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { accounts } from '../details/samples.ts';
import type { Door } from './support/open-authserver.ts';
import { openAuthServer } from './support/open-authserver.ts';
import type { Claims } from './support/signed-request.ts';
import { requestClaims, signedRequest } from './support/signed-request.ts';
import type { Answer, PostOptions, StockAgent } from './support/stock-agent.ts';
import {
  assertion,
  assertionParameters,
  newKey,
  question,
  registerAgent,
  registration,
  send,
  signJwt,
} from './support/stock-agent.ts';

let door: Door;
let agent: StockAgent;

beforeEach(async () => {
  door = await openAuthServer();
  agent = await registerAgent(door.issuer);
});

afterEach(() => door.close());

const post = (request: string, more: Readonly<Record<string, string>> = {}, how?: PostOptions): Promise<Answer> =>
  agent.post('/bc-authorize', { request, ...more }, how);
const ask = (claims: Claims = {}, header: Claims = {}): Promise<Answer> => post(signedRequest(agent, claims, header));
const outcome = ({ status, body }: Answer): readonly unknown[] => [status, body['error']];
const now = () => Math.floor(door.keep.clock.now() / 1000);

describe('CIBA Core 1.0, section 7.1.1: a signed request', () => {
  test('asks what an unsigned one would, with the details as an array (RFC 9396, 3)', async () => {
    const answer = await ask({ binding_message: 'K7-4412', requested_expiry: 120 });
    expect(answer.body).toEqual({ auth_req_id: expect.any(String) as string, expires_in: 120, interval: 1 });
    expect(door.onlyPending()).toMatchObject({ details: [accounts], scopes: ['accounts'], bindingMessage: 'K7-4412' });
    door.approve(door.onlyPending());
    expect((await agent.poll(String(answer.body['auth_req_id']))).status).toBe(200);
  });

  test('by openid-client, with one parameter', async () => {
    const response = await oauth.initiateBackchannelAuthentication(agent.config, { request: signedRequest(agent) });
    door.approvals.deny(door.onlyPending().id);
    const polling = oauth.pollBackchannelAuthenticationGrant(agent.config, response, undefined, { DPoP: agent.dpop });
    await expect(polling).rejects.toMatchObject({ error: 'access_denied' });
  });

  test('may have its details as text', async () => {
    expect((await ask({ authorization_details: JSON.stringify([accounts]) })).status).toBe(200);
  });

  test.each([[undefined], ['JWT'], ['oauth-authz-req+jwt']])('may have the type %s', async (typ) => {
    expect((await ask({}, { typ })).status).toBe(200);
  });

  test.each(['aud', 'iss', 'exp', 'iat', 'nbf', 'jti'])('without %s is refused', async (claim) => {
    expect(outcome(await ask({ [claim]: undefined }))).toEqual([400, 'invalid_request']);
    expect(door.approvals.listPending()).toEqual([]);
  });

  const wrong: readonly (readonly [string, () => Claims])[] = [
    ['for another server', () => ({ aud: 'https://other.example' })],
    ['for another server as well', () => ({ aud: [door.issuer, 'https://other.example'] })],
    ['for the endpoint instead of the issuer', () => ({ aud: `${door.issuer}/bc-authorize` })],
    ['of another agent', () => ({ iss: 'agent_other' })],
    ['that has expired', () => ({ exp: now() - 6 })],
    ['that is not yet valid', () => ({ nbf: now() + 6, exp: now() + 300 })],
    ['from the future', () => ({ iat: now() + 60 })],
    ['that lives longer than an hour', () => ({ exp: now() + 3_601 })],
    ['that began more than an hour ago', () => ({ nbf: now() - 3_606, exp: now() + 10 })],
    ['with instants that are no numbers', () => ({ nbf: String(now()) })],
    ['with an empty jti', () => ({ jti: '' })],
    ['with a jti that is too long', () => ({ jti: 'x'.repeat(257) })],
    ['with a jti that is no text', () => ({ jti: 7 })],
    ['that could be a client assertion (RFC 9101, 10.8)', () => ({ sub: agent.id })],
    ['with another one inside', () => ({ request: 'a.b.c' })],
    ['with another client_id', () => ({ client_id: 'agent_other' })],
    ['with two hints', () => ({ login_hint_token: 'x' })],
    ['with a parameter that is a list', () => ({ login_hint: ['me', 'me'] })],
  ];
  test.each(wrong)('%s is refused', async (_what, claims) => {
    expect(outcome(await ask(claims()))).toEqual([400, 'invalid_request']);
    expect(door.approvals.listPending()).toEqual([]);
  });

  test('may live for an hour (FAPI-CIBA, 5.2.2)', async () => {
    expect((await ask({ exp: now() + 3_600 })).status).toBe(200);
    expect((await ask({ nbf: now() - 3_590, exp: now() + 10 })).status).toBe(200);
  });

  test.each([
    ['no details', { authorization_details: undefined }, 'invalid_authorization_details'],
    ['details that are no list', { authorization_details: { type: 'account_information' } }, 'invalid_authorization_details'],
    ['an unknown type', { authorization_details: [{ type: 'root_access' }] }, 'invalid_authorization_details'],
    ['no resource', { resource: undefined }, 'invalid_target'],
    ['a scope that nothing needs', { scope: 'openid payments' }, 'invalid_scope'],
    ['a message of two lines', { binding_message: 'a\nb' }, 'invalid_binding_message'],
    ['somebody else', { login_hint: 'alice' }, 'unknown_user_id'],
  ])('with %s is refused as it would be unsigned', async (_what, claims, error) => {
    expect(outcome(await ask(claims))).toEqual([400, error]);
  });

  test.each([
    'scope',
    'login_hint',
    'authorization_details',
    'binding_message',
    'resource',
    'requested_expiry',
    'audience',
    'made_up',
  ])('with %s beside it is refused: only client authentication may stand there', async (name) => {
    const beside = {
      ...question(agent.resource),
      binding_message: 'x',
      requested_expiry: '60',
      audience: agent.resource,
      made_up: 'x',
    };
    const answer = await post(signedRequest(agent), { [name]: String(beside[name as keyof typeof beside]) });
    expect(outcome(answer)).toEqual([400, 'invalid_request']);
    expect(door.approvals.listPending()).toEqual([]);
  });

  test('sent twice in one body is refused', async () => {
    const text = signedRequest(agent);
    expect(outcome(await agent.post('/bc-authorize', { request: [text, text] }))).toEqual([400, 'invalid_request']);
  });

  test('by address instead is refused', async () => {
    const answer = await agent.post('/bc-authorize', { request_uri: 'http://127.0.0.1:9/' });
    expect(outcome(answer)).toEqual([400, 'request_uri_not_supported']);
  });

  test('without client authentication is refused', async () => {
    const answer = await send(`${door.issuer}/bc-authorize`, { client_id: agent.id, request: signedRequest(agent) });
    expect(outcome(answer)).toEqual([401, 'invalid_client']);
  });
});

describe('CIBA Core 1.0, section 7.1.1: the signature', () => {
  const text = (header: Claims, claims: Claims = requestClaims(agent)) =>
    [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');

  test('none is refused', async () => {
    expect(outcome(await post(`${text({ alg: 'none' })}.`))).toEqual([400, 'invalid_request']);
  });

  test('by another key is refused', async () => {
    expect(outcome(await post(signJwt(await newKey(), { alg: 'ES256' }, requestClaims(agent))))).toEqual([400, 'invalid_request']);
  });

  test('by another agent is refused', async () => {
    const other = await registerAgent(door.issuer, { client_name: 'other' });
    expect(outcome(await post(signedRequest(other)))).toEqual([400, 'invalid_request']);
    expect(outcome(await post(signJwt(other.key, { alg: 'ES256' }, requestClaims(agent))))).toEqual([400, 'invalid_request']);
  });

  test.each(['HS256', 'RS256', 'PS256', 'ES384', 'es256'])('with alg %s is refused', async (alg) => {
    const signed = text({ alg });
    const signature = sign('sha256', Buffer.from(signed), { key: agent.key.privateKey, dsaEncoding: 'ieee-p1363' });
    expect(outcome(await post(`${signed}.${signature.toString('base64url')}`))).toEqual([400, 'invalid_request']);
  });

  test('over other claims is refused', async () => {
    const [header, , signature] = signedRequest(agent).split('.');
    const claims = Buffer.from(JSON.stringify(requestClaims(agent))).toString('base64url');
    expect(outcome(await post(`${header}.${claims}.${signature}`))).toEqual([400, 'invalid_request']);
  });

  test.each([
    ['a proof', { typ: 'dpop+jwt' }],
    ['an access token', { typ: 'at+jwt' }],
    ['a critical extension', { crit: ['x'], x: 1 }],
    ['an unencoded payload', { b64: false }],
  ])('under the header of %s is refused (RFC 8725, 3.12)', async (_what, header) => {
    expect(outcome(await ask({}, header))).toEqual([400, 'invalid_request']);
  });

  test.each([
    ['padding', (one: string) => `${one}=`],
    ['a space', (one: string) => `${one} `],
    [
      'loose last bits',
      (one: string) => `${one.slice(0, -1)}${one.endsWith('A') ? 'B' : String.fromCharCode(one.charCodeAt(one.length - 1) + 1)}`,
    ],
    ['a fourth part', (one: string) => `${one}.x`],
  ])('in another spelling, with %s, is refused', async (_what, change) => {
    expect(outcome(await post(change(signedRequest(agent))))).toEqual([400, 'invalid_request']);
  });

  test('over a name that stands twice is refused: two readers could see two requests', async () => {
    const claims = JSON.stringify(requestClaims(agent)).replace('{', '{"binding_message":"one","binding_message":"two",');
    const signed = [JSON.stringify({ alg: 'ES256' }), claims].map((part) => Buffer.from(part).toString('base64url')).join('.');
    const signature = sign('sha256', Buffer.from(signed), { key: agent.key.privateKey, dsaEncoding: 'ieee-p1363' });
    expect(outcome(await post(`${signed}.${signature.toString('base64url')}`))).toEqual([400, 'invalid_request']);
  });

  test.each(['EdDSA', 'Ed25519'])('by an Ed25519 key, under the name %s, is taken', async (alg) => {
    const pair = generateKeyPairSync('ed25519');
    const jwk = pair.publicKey.export({ format: 'jwk' });
    const id = await registered({
      client_name: 'edwards',
      jwks: { keys: [jwk] },
      backchannel_authentication_request_signing_alg: alg,
    });
    const signedBy = (claims: Claims): string => {
      const signed = text({ alg }, claims);
      return `${signed}.${sign(null, Buffer.from(signed), pair.privateKey).toString('base64url')}`;
    };
    const at = now();
    const client = signedBy({ iss: id, sub: id, aud: door.issuer, jti: crypto.randomUUID(), iat: at, exp: at + 60 });
    const request = signedBy({ ...requestClaims(agent), iss: id });
    const answer = await send(`${door.issuer}/bc-authorize`, { client_id: id, ...assertionParameters(client), request });
    expect(answer.status).toBe(200);
  });
});

async function registered(more: Claims): Promise<string> {
  const response = await fetch(`${door.issuer}/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...registration(agent.key), ...more }),
  });
  const body = (await response.json()) as Record<string, unknown>;
  expect([response.status, body['backchannel_authentication_request_signing_alg']]).toEqual([
    201,
    more['backchannel_authentication_request_signing_alg'],
  ]);
  return String(body['client_id']);
}

describe('an agent that registered backchannel_authentication_request_signing_alg (CIBA Core 1.0, section 4)', () => {
  beforeEach(async () => {
    agent = await registerAgent(door.issuer, { client_name: 'signer', backchannel_authentication_request_signing_alg: 'ES256' });
  });

  test('must sign', async () => {
    const answer = await agent.post('/bc-authorize', question(agent.resource));
    expect(outcome(answer)).toEqual([400, 'invalid_request']);
  });

  test('signs, and asks', async () => {
    expect((await ask()).status).toBe(200);
  });

  test.each(['none', 'HS256', 'RS256', 'EdDSA', '', 7])('cannot register %s with an EC key', async (alg) => {
    const response = await fetch(`${door.issuer}/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(registration(await newKey(), { backchannel_authentication_request_signing_alg: alg })),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: 'invalid_client_metadata' });
  });
});

describe('jti of a signed request (CIBA Core 1.0, section 7.1.1)', () => {
  test('is good for one question: another request under it is refused', async () => {
    const jti = crypto.randomUUID();
    expect((await ask({ jti })).status).toBe(200);
    expect(outcome(await ask({ jti, binding_message: 'another' }))).toEqual([400, 'invalid_request']);
    expect(door.approvals.listPending()).toHaveLength(1);
  });

  test('is remembered beyond the end of the question, while the request could be sent, across a restart', async () => {
    const request = signedRequest(agent, { exp: now() + 3_600, requested_expiry: 30 });
    expect((await post(request)).status).toBe(200);
    await door.advance(31_000);
    expect(outcome(await post(request))).toEqual([400, 'invalid_request']);
    door = await door.restart();
    expect(outcome(await post(request))).toEqual([400, 'invalid_request']);
    expect(door.approvals.listPending()).toEqual([]);
  });

  test('does not ask again for what the person refused', async () => {
    const request = signedRequest(agent);
    const first = await post(request);
    door.approvals.deny(door.onlyPending().id);
    await door.advance(1_000);
    door = await door.restart();
    const again = await post(request);
    expect(door.approvals.listPending()).toEqual([]);
    expect((await agent.poll(String(again.body['auth_req_id']))).body['error']).toBe('access_denied');
    expect(first.status).toBe(200);
  });

  test('of one agent says nothing about that of another', async () => {
    const other = await registerAgent(door.issuer, { client_name: 'other' });
    const jti = crypto.randomUUID();
    expect((await ask({ jti })).status).toBe(200);
    expect((await other.post('/bc-authorize', { request: signedRequest(other, { jti }) })).status).toBe(200);
  });

  test('is not spent by a request that was refused', async () => {
    for (let count = 0; count < 10; count += 1) await ask();
    const request = signedRequest(agent);
    expect((await post(request)).status).toBe(429);
    door.approvals.deny(door.approvals.listPending()[0]!.id);
    expect((await post(request)).status).toBe(200);
  });
});

describe('a signed request that came while locked (security rule 23)', () => {
  type Body = Record<string, unknown>;

  /** Edits the question as a program does that writes the file. */
  function edit(change: (body: Body) => void): void {
    const [row] = door.keep.store.all<{ id: string; body: string }>("SELECT id, body FROM approvals WHERE state = 'pending'");
    const body = JSON.parse(row!.body) as Body;
    change(body);
    door.keep.store.commit([
      {
        sql: 'UPDATE approvals SET body = ?, expires_at = ?, created_at = ?, repeat_key = ?, version = version + 1, mac = NULL WHERE id = ?',
        values: [
          JSON.stringify(body),
          Number(body['expiresAt']),
          Number(body['createdAt']),
          ((body['repeat'] as Body | undefined)?.['key'] as string | undefined) ?? null,
          row!.id,
        ],
      },
    ]);
  }

  test('is judged by what was signed at the unlock, and redeemed', async () => {
    door.keep.vault.lock();
    const answer = await ask({ binding_message: 'K7-4412' });
    expect(answer.status).toBe(200);
    await door.advance(1_000);
    door = await door.restart();
    door.approve(door.onlyPending());
    expect((await agent.poll(String(answer.body['auth_req_id']))).status).toBe(200);
  });

  const edits: readonly (readonly [string, (body: Body) => void])[] = [
    ['another message', (body) => Object.assign(body, { bindingMessage: 'please' })],
    ['no message', (body) => delete body['bindingMessage']],
    ['a later end', (body) => Object.assign(body, { expiresAt: Number(body['expiresAt']) + 60_000 })],
    ['a later arrival', (body) => Object.assign(body, { createdAt: Number(body['createdAt']) + 3_000_000 })],
    ['another name for it', (body) => Object.assign(body, { repeat: { key: 'another', content: 'x' } })],
    ['no name for it', (body) => delete body['repeat']],
    ['nothing that was signed', (body) => Object.assign(body, { signedRequest: '' })],
  ];
  test.each(edits)('with %s in the file is refused and reported', async (_what, change) => {
    agent = await registerAgent(door.issuer, { client_name: 'signer', backchannel_authentication_request_signing_alg: 'ES256' });
    door.keep.vault.lock();
    expect((await ask({ binding_message: 'K7-4412' })).status).toBe(200);
    edit(change);
    await door.keep.unlock();
    expect(door.approvals.listPending()).toEqual([]);
    expect(door.keep.events()).toContain('row.tampered');
  });

  test('without its signature is refused for an agent that must sign', async () => {
    agent = await registerAgent(door.issuer, { client_name: 'signer', backchannel_authentication_request_signing_alg: 'ES256' });
    door.keep.vault.lock();
    await ask();
    edit((body) => {
      delete body['signedRequest'];
    });
    await door.keep.unlock();
    expect(door.approvals.listPending()).toEqual([]);
  });

  test('with other details, and the digest of those, is refused', async () => {
    door.keep.vault.lock();
    await ask();
    const unsigned = await agent.post('/bc-authorize', {
      ...question(agent.resource),
      authorization_details: JSON.stringify([{ type: 'account_information', actions: ['list_accounts'] }]),
    });
    expect(unsigned.status).toBe(200);
    const other = door.approvals.listPending().find((approval) => approval.signedRequest === undefined)!;
    door.approvals.cancel(other.id);
    edit((body) => Object.assign(body, { details: other.details, askedDigest: other.askedDigest }));
    await door.keep.unlock();
    expect(door.approvals.listPending()).toEqual([]);
  });

  test('is asked once: one that was answered before does not come back', async () => {
    await ask();
    const answered = door.onlyPending();
    door.approvals.deny(answered.id);
    door.keep.vault.lock();
    const copy = { ...answered, id: 'approval_copy', authReqHash: 'copy' };
    door.keep.store.commit([
      {
        sql: `INSERT INTO approvals (id, version, body, state, agent_id, auth_req_hash, created_at, expires_at, repeat_key)
              VALUES (?, 1, ?, 'pending', ?, 'copy', ?, ?, ?)`,
        values: [copy.id, JSON.stringify(copy), copy.agentId, copy.createdAt, copy.expiresAt, copy.repeat?.key ?? null],
      },
    ]);
    await door.keep.unlock();
    expect(door.approvals.listPending()).toEqual([]);
  });

  test('rests on disk sealed only', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'counterfoil-'));
    try {
      await door.close();
      door = await openAuthServer({ file: join(folder, 'data.db') });
      agent = await registerAgent(door.issuer);
      const requests = [signedRequest(agent), signedRequest(agent)];
      expect((await post(requests[0]!)).status).toBe(200);
      door.keep.vault.lock();
      expect((await post(requests[1]!)).status).toBe(200);
      const bytes = ['data.db', 'data.db-wal'].map((name) => readFileSync(join(folder, name)));
      for (const request of requests)
        for (const part of request.split('.').slice(1)) expect(bytes.some((content) => content.includes(part))).toBe(false);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('is not taken where it could not be sealed', async () => {
    door.keep.vault.lock();
    door.keep.store.commit([{ sql: "DELETE FROM meta WHERE key = 'locked-box'", values: [] }]);
    const answer = await ask();
    expect(outcome(answer)).toEqual([503, 'temporarily_unavailable']);
    expect(door.approvals.listPending()).toEqual([]);
  });
});

test('a client assertion is no signed request', async () => {
  const text = assertion({ key: agent.key, id: agent.id, issuer: door.issuer });
  expect(outcome(await post(text))).toEqual([400, 'invalid_request']);
});
