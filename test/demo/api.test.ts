import { randomUUID } from 'node:crypto';
import { exportJWK, SignJWT } from 'jose';
import * as client from 'openid-client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type AgentKey, exchangeGrant, exchangeParameters, makeAgentKey, type SignedIn, signInAtBank } from './bank-client.ts';
import { type DemoBank, startDemoBank } from './demo-bank.ts';

let bank: DemoBank;
let ada: SignedIn;
let key: AgentKey;
let nonce = '';

beforeAll(async () => {
  bank = await startDemoBank();
  ada = await signInAtBank(bank);
  key = await makeAgentKey(ada.config);
});
afterAll(() => bank.stop());

async function tokenFor(details: object[], scope: string): Promise<string> {
  const changes = { authorization_details: JSON.stringify(details), scope };
  const parameters = await exchangeParameters(bank, ada, { key, changes });
  return (await client.genericGrantRequest(ada.config, exchangeGrant, parameters, { DPoP: key.handle })).access_token;
}

const accounts = [{ type: 'account_information', actions: ['list_accounts', 'read_balances'], identifier: 'main' }];
const order = {
  instructedAmount: { currency: 'EUR', amount: '180.00' },
  creditorName: 'Nordwind Office GmbH',
  creditorAccount: { iban: 'DE02120300000000202051' },
};

interface Call {
  readonly path?: string;
  readonly method?: string;
  readonly body?: unknown;
  readonly claims?: Record<string, unknown>;
  readonly header?: Record<string, unknown>;
  readonly scheme?: string;
  readonly signWith?: CryptoKeyPair;
  readonly proof?: string;
}

async function call(
  token: string,
  given: Call = {},
): Promise<{ status: number; challenge: string; body: Record<string, unknown>; proof: string }> {
  const { path = '/accounts', method = 'GET', scheme = 'DPoP', body } = given;
  const proof = given.proof ?? (await proofFor(token, { ...given, path, method }));
  const answer = await fetch(`${bank.api}${path}`, {
    method,
    headers: { authorization: `${scheme} ${token}`, dpop: proof },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  nonce = answer.headers.get('dpop-nonce') ?? nonce;
  const challenge = answer.headers.get('www-authenticate') ?? '';
  return { status: answer.status, challenge, body: (await answer.json()) as Record<string, unknown>, proof };
}

async function proofFor(token: string, given: Call): Promise<string> {
  const ath = Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(token))).toString('base64url');
  const claims = {
    htm: given.method,
    htu: `${bank.api}${given.path}`,
    iat: Math.floor(Date.now() / 1000),
    jti: randomUUID(),
    ath,
    nonce,
    ...given.claims,
  };
  const pair = given.signWith ?? key.pair;
  return new SignJWT(claims)
    .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk: await exportJWK(pair.publicKey), ...given.header })
    .sign(pair.privateKey);
}

describe('the bank’s API takes nothing but a good proof (RFC 9449, 4.3)', () => {
  let token: string;
  beforeAll(async () => {
    token = await tokenFor(accounts, 'accounts');
    await call(token);
  });

  test('and then shows the actor and the details that it saw', async () => {
    const { status, body } = await call(token);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      accounts: [{ id: 'main' }],
      seen: { sub: 'ada', act: { sub: 'agent-7', iss: 'counterfoil' }, authorization_details: accounts },
    });
  });

  test('a stock client gets through, nonce and all', async () => {
    const answer = await client.fetchProtectedResource(
      ada.config,
      token,
      new URL(`${bank.api}/accounts`),
      'GET',
      undefined,
      undefined,
      { DPoP: key.handle },
    );
    expect(answer.status).toBe(200);
  });

  test.each<[string, Call, string]>([
    ['the wrong typ', { header: { typ: 'JWT' } }, 'invalid_dpop_proof'],
    ['the wrong method', { claims: { htm: 'POST' } }, 'invalid_dpop_proof'],
    ['a lower-case method', { claims: { htm: 'get' } }, 'invalid_dpop_proof'],
    ['another address', { claims: { htu: 'http://127.0.0.1:1/accounts' } }, 'invalid_dpop_proof'],
    ['no ath', { claims: { ath: undefined } }, 'invalid_dpop_proof'],
    ['another ath', { claims: { ath: 'x' } }, 'invalid_dpop_proof'],
    ['no jti', { claims: { jti: undefined } }, 'invalid_dpop_proof'],
    ['an old iat', { claims: { iat: 1_700_000_000 } }, 'invalid_dpop_proof'],
    ['no nonce', { claims: { nonce: undefined } }, 'use_dpop_nonce'],
    ['a foreign nonce', { claims: { nonce: 'foreign' } }, 'use_dpop_nonce'],
  ])('%s is refused', async (_what, given, error) => {
    const { status, challenge } = await call(token, given);
    expect(status).toBe(401);
    expect(challenge).toContain(`error="${error}"`);
  });

  test('a proof that was seen before is refused', async () => {
    const { proof } = await call(token);
    expect((await call(token, { proof })).status).toBe(401);
  });

  test('a proof by another key is refused', async () => {
    const other = await makeAgentKey(ada.config);
    expect((await call(token, { signWith: other.pair })).challenge).toContain('invalid_token');
  });

  test('a bound token as a bearer token is refused', async () => {
    expect((await call(token, { scheme: 'Bearer' })).status).toBe(401);
  });

  test('two proofs are refused', async () => {
    expect((await call(token, { proof: `${await proofFor(token, { path: '/accounts', method: 'GET' })}, x` })).status).toBe(401);
  });

  test('a revoked token is refused at once', async () => {
    const gone = await tokenFor(accounts, 'accounts');
    expect((await call(gone)).status).toBe(200);
    await client.tokenRevocation(ada.config, gone);
    expect((await call(gone)).challenge).toContain('invalid_token');
  });
});

describe('the bank’s API holds a token to its scope and details', () => {
  test('another account, another action, or the other scope is refused', async () => {
    const token = await tokenFor(accounts, 'accounts');
    await call(token);
    expect((await call(token, { path: '/accounts/main/balances' })).status).toBe(200);
    expect((await call(token, { path: '/accounts/savings/balances' })).status).toBe(403);
    expect((await call(token, { path: '/accounts/main/transactions' })).status).toBe(403);
    expect((await call(token, { path: '/payments', method: 'POST', body: order })).status).toBe(403);
  });

  describe('a payment', () => {
    let token: string;
    beforeEach(async () => {
      token = await tokenFor([{ type: 'payment_initiation', ...order }], 'payments');
    });
    const pay = (changes: object) => call(token, { path: '/payments', method: 'POST', body: { ...order, ...changes } });

    test('more, in another currency, to another, or with unknown members is refused; exactly that is made, once', async () => {
      expect((await pay({ instructedAmount: { currency: 'EUR', amount: '180.01' } })).status).toBe(403);
      expect((await pay({ instructedAmount: { currency: 'USD', amount: '1.00' } })).status).toBe(403);
      expect((await pay({ creditorName: 'Somebody' })).status).toBe(403);
      expect((await pay({ creditorAccount: { iban: 'DE00' } })).status).toBe(403);
      expect((await pay({ urgent: true })).status).toBe(400);
      expect((await pay({ instructedAmount: { currency: 'EUR', amount: 1 } })).status).toBe(400);
      expect(await pay({})).toMatchObject({ status: 201, body: { payment: { status: 'accepted' } } });
      expect((await pay({})).status).toBe(403);
    });
  });
});
