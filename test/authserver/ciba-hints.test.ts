import * as oauth from 'openid-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { accounts } from '../details/samples.ts';
import type { Door } from './support/open-authserver.ts';
import { openAuthServer } from './support/open-authserver.ts';
import type { Answer, StockAgent } from './support/stock-agent.ts';
import { newKey, question, registerAgent, signJwt } from './support/stock-agent.ts';

let door: Door;
let agent: StockAgent;

beforeEach(async () => {
  door = await openAuthServer();
  agent = await registerAgent(door.issuer);
});

afterEach(() => door.close());

type Parameters = Readonly<Record<string, string | readonly string[]>>;

function askWith(parameters: Parameters): Promise<Answer> {
  // a list of none leaves it out
  return agent.post('/bc-authorize', { ...question(agent.resource), login_hint: [], ...parameters });
}

const outcome = ({ status, body }: Answer): readonly unknown[] => [status, body['error']];

interface SignedIn {
  readonly idToken: string;
  readonly subject: string;
}

async function signedIn(): Promise<SignedIn> {
  const asked = await agent.ask();
  door.approve(door.onlyPending());
  const { body } = await agent.poll(asked.auth_req_id);
  const idToken = String(body['id_token']);
  const { sub } = JSON.parse(Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString()) as { sub: string };
  return { idToken, subject: sub };
}

describe('CIBA Core 1.0, section 7.1: exactly one hint', () => {
  test.each([
    ['none', {}],
    ['an empty one', { login_hint: '' }],
    ['login_hint and login_hint_token', { login_hint: 'me', login_hint_token: 'x' }],
    ['login_hint and id_token_hint', { login_hint: 'me', id_token_hint: 'x' }],
    ['login_hint_token and id_token_hint', { login_hint_token: 'x', id_token_hint: 'y' }],
    ['all three', { login_hint: 'me', login_hint_token: 'x', id_token_hint: 'y' }],
  ])('%s is refused with invalid_request', async (_what, hints) => {
    expect(outcome(await askWith(hints))).toEqual([400, 'invalid_request']);
    expect(door.approvals.listPending()).toEqual([]);
  });

  test('an empty one beside another counts as none', async () => {
    expect((await askWith({ login_hint: 'me', id_token_hint: '' })).status).toBe(200);
  });

  test('whoever they mean but the person here, all are answered alike, and nothing is asked', async () => {
    const { idToken } = await signedIn();
    const [header, , signature] = idToken.split('.');
    const other = Buffer.from(JSON.stringify({ iss: door.issuer, sub: 'alice', aud: agent.id })).toString('base64url');
    const answers = await Promise.all([
      askWith({ login_hint: 'alice' }),
      askWith({ login_hint: 'ME' }),
      askWith({ login_hint: '{' }),
      askWith({ login_hint: 'null' }),
      askWith({ login_hint_token: 'a.b.c' }),
      askWith({ id_token_hint: 'a.b.c' }),
      askWith({ id_token_hint: `${header}.${other}.${signature}` }),
    ]);
    for (const answer of answers) {
      expect(outcome(answer)).toEqual([400, 'unknown_user_id']);
      expect(answer.body).toEqual(answers[0]?.body);
    }
    expect(door.approvals.listPending()).toEqual([]);
  });
});

describe('CIBA Core 1.0, section 7.1: id_token_hint', () => {
  test('is an ID token of ours for this agent', async () => {
    const { idToken } = await signedIn();
    expect((await askWith({ id_token_hint: idToken })).status).toBe(200);
  });

  test('may have expired', async () => {
    const { idToken } = await signedIn();
    await door.advance(3_600_000);
    expect((await askWith({ id_token_hint: idToken })).status).toBe(200);
  });

  test('for another agent is refused', async () => {
    const { idToken } = await signedIn();
    agent = await registerAgent(door.issuer, { client_name: 'other' });
    expect(outcome(await askWith({ id_token_hint: idToken }))).toEqual([400, 'unknown_user_id']);
  });

  test('of another signer, with the same claims, is refused', async () => {
    const { subject } = await signedIn();
    const claims = { iss: door.issuer, sub: subject, aud: agent.id };
    for (const key of [await newKey(), agent.key])
      expect(outcome(await askWith({ id_token_hint: signJwt(key, { alg: 'ES256' }, claims) }))).toEqual([400, 'unknown_user_id']);
  });

  test('of another issuer, or without a signature, is refused', async () => {
    const { idToken } = await signedIn();
    const [header, payload, signature] = idToken.split('.');
    const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
    for (const hint of [`${none}.${payload}.`, `${none}.${payload}.${signature}`, `${header}.${payload}.`])
      expect(outcome(await askWith({ id_token_hint: hint }))).toEqual([400, 'unknown_user_id']);
  });
});

describe('what Auth0’s clients send', () => {
  const issSub = (iss: string, sub: string): string => JSON.stringify({ format: 'iss_sub', iss, sub });

  test('nextjs-auth0 and auth0-auth-js: login_hint as JSON with our issuer, by openid-client', async () => {
    const { subject } = await signedIn();
    const parameters = new URLSearchParams({
      scope: 'openid accounts',
      resource: agent.resource,
      client_id: agent.id,
      binding_message: 'ABC-123-XYZ',
      login_hint: issSub(door.issuer, subject),
      requested_expiry: '120',
      authorization_details: JSON.stringify([accounts]),
    });
    const response = await oauth.initiateBackchannelAuthentication(agent.config, parameters);
    expect(response.expires_in).toBe(120);
    expect(door.onlyPending().bindingMessage).toBe('ABC-123-XYZ');
    const polling = oauth.pollBackchannelAuthenticationGrant(agent.config, response, undefined, { DPoP: agent.dpop });
    door.approve(door.onlyPending());
    expect((await polling).authorization_details).toEqual([accounts]);
  });

  test('node-auth0: https and a slash, audience for resource, and the expiry under both of its names', async () => {
    const { subject } = await signedIn();
    const domain = new URL(door.issuer).host;
    const answer = await askWith({
      resource: [],
      scope: 'openid accounts',
      audience: agent.resource,
      binding_message: 'ABC-123-XYZ',
      request_expiry: '90',
      requested_expiry: '90',
      login_hint: issSub(`https://${domain}/`, subject),
    });
    expect(answer.body).toMatchObject({ expires_in: 90, interval: 1 });
  });

  test('an older one: request_expiry alone', async () => {
    expect((await askWith({ login_hint: 'me', request_expiry: '90' })).body['expires_in']).toBe(90);
  });

  test('a message as Auth0 allows it: 64 characters, with its punctuation', async () => {
    expect((await askWith({ login_hint: 'me', binding_message: `${'Az09 +-_.,:#'.repeat(5)}abcd` })).status).toBe(200);
  });

  test.each([
    ['audience and resource that differ', { audience: 'https://api.example/' }, 'invalid_request'],
    ['an unknown audience', { resource: [], audience: 'https://api.example/' }, 'invalid_target'],
    ['two audiences', { resource: [], audience: ['a', 'b'] }, 'invalid_request'],
    ['two expiries that differ', { requested_expiry: '60', request_expiry: '90' }, 'invalid_request'],
    ['an older expiry that is no number', { request_expiry: 'soon' }, 'invalid_request'],
    ['an older expiry of zero', { request_expiry: '0' }, 'invalid_request'],
  ])('%s are refused: it must be clear what is meant', async (_what, parameters, error) => {
    expect(outcome(await askWith({ login_hint: 'me', ...parameters }))).toEqual([400, error]);
    expect(door.approvals.listPending()).toEqual([]);
  });

  test.each([
    ['another format', { format: 'email' }],
    ['another issuer', { iss: 'https://tenant.example/' }],
    ['our issuer and more', { iss: `http://127.0.0.1:1/` }],
    ['another subject', { sub: 'auth0|123' }],
    ['no subject', { sub: undefined }],
    ['another member', { email: 'a@example.com' }],
  ])('a hint with %s means nobody here', async (_what, more) => {
    const ours = { format: 'iss_sub', iss: `${door.issuer}/`, sub: 'me' };
    expect(outcome(await askWith({ login_hint: JSON.stringify({ ...ours, ...more }) }))).toEqual([400, 'unknown_user_id']);
    expect((await askWith({ login_hint: JSON.stringify(ours) })).status).toBe(200);
  });

  test('errors have the names that Auth0’s clients know: pending, denied', async () => {
    const { auth_req_id: id } = (await askWith({ login_hint: issSub(`${door.issuer}/`, 'me') })).body;
    const polling = agent.poll(String(id));
    for (let turn = 0; turn < 50_000 && door.onlyPending().pinnedJkt === undefined; turn += 1)
      await new Promise((resolve) => setImmediate(resolve));
    expect(outcome(await agent.poll(String(id)))).toEqual([400, 'slow_down']);
    await door.advance(20_000);
    expect(outcome(await polling)).toEqual([400, 'authorization_pending']);
    door.approvals.deny(door.onlyPending().id);
    expect(outcome(await agent.poll(String(id)))).toEqual([400, 'access_denied']);
  });
});
