import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type AgentKey,
  actorToken,
  exchangeGrant,
  exchangeParameters,
  makeAgentKey,
  type SignedIn,
  signInAtBank,
} from './bank-client.ts';
import { type DemoBank, startDemoBank } from './demo-bank.ts';

let bank: DemoBank;
let ada: SignedIn;
let key: AgentKey;

beforeAll(async () => {
  bank = await startDemoBank();
  ada = await signInAtBank(bank);
  key = await makeAgentKey(ada.config);
});
afterAll(() => bank.stop());

async function exchange(changes: Record<string, string | undefined> = {}, DPoP: client.DPoPHandle | undefined = key.handle) {
  const parameters = await exchangeParameters(bank, ada, { key, changes });
  return client.genericGrantRequest(ada.config, exchangeGrant, parameters, DPoP && { DPoP });
}

function errorOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'accepted',
    (error: unknown) => (error as { error?: string }).error ?? String(error),
  );
}

const payment = (amount: string, currency = 'EUR') =>
  JSON.stringify([
    {
      type: 'payment_initiation',
      instructedAmount: { currency, amount },
      creditorName: 'Nordwind Office GmbH',
      creditorAccount: { iban: 'DE02120300000000202051' },
    },
  ]);

describe('the bank exchanges by the profile of the actor token (RFC 8693)', () => {
  test('the result is opaque, bound to the agent key, names the actor, and is narrowed', async () => {
    const result = await exchange();
    expect(result).toMatchObject({
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'dpop',
      scope: 'accounts',
      authorization_details: [{ type: 'account_information', actions: ['list_accounts'] }],
    });
    expect(result.expires_in).toBeLessThanOrEqual(300);
    expect(result.access_token).not.toContain('.');
    expect(result.refresh_token).toBeUndefined();
    expect(await client.tokenIntrospection(ada.config, result.access_token)).toMatchObject({
      active: true,
      sub: 'ada',
      aud: bank.api,
      scope: 'accounts',
      token_type: 'DPoP',
      cnf: { jkt: key.jkt },
      act: { sub: 'agent-7', iss: 'counterfoil' },
      authorization_details: [{ type: 'account_information', actions: ['list_accounts'] }],
    });
  });

  test('revoking one exchanged token leaves the sign-in and other exchanged tokens alive', async () => {
    const [one, other] = [await exchange(), await exchange()];
    await client.tokenRevocation(ada.config, one.access_token);
    expect((await client.tokenIntrospection(ada.config, one.access_token)).active).toBe(false);
    expect((await client.tokenIntrospection(ada.config, other.access_token)).active).toBe(true);
    expect((await client.tokenIntrospection(ada.config, ada.accessToken)).active).toBe(true);
    expect((await client.tokenIntrospection(ada.config, ada.refreshToken)).active).toBe(true);
  });

  test('a payment up to the ceiling of the consent is granted, and one cent more is not', async () => {
    const scope = 'payments';
    expect(await errorOf(exchange({ scope, authorization_details: payment('1000.00') }))).toBe('accepted');
    expect(await errorOf(exchange({ scope, authorization_details: payment('1000.01') }))).toBe('invalid_authorization_details');
    expect(await errorOf(exchange({ scope, authorization_details: payment('1.00', 'USD') }))).toBe('invalid_authorization_details');
  });

  test.each([
    ['no actor token', { actor_token: undefined, actor_token_type: undefined }, 'invalid_request'],
    ['an actor token without its type', { actor_token_type: undefined }, 'invalid_request'],
    ['a type without its actor token', { actor_token: undefined }, 'invalid_request'],
    ['an unknown subject token type', { subject_token_type: 'urn:ietf:params:oauth:token-type:id_token' }, 'invalid_request'],
    ['an unknown subject token', { subject_token: 'nothing' }, 'invalid_request'],
    ['a foreign resource', { resource: 'https://elsewhere.example/' }, 'invalid_target'],
    ['an audience', { audience: 'someone' }, 'invalid_target'],
    ['a scope that the person did not consent to', { scope: 'accounts admin' }, 'invalid_scope'],
    ['the scope openid', { scope: 'openid' }, 'invalid_scope'],
    ['a type that the bank does not know', { authorization_details: '[{"type":"anything"}]' }, 'invalid_authorization_details'],
    [
      'an unknown member',
      { authorization_details: '[{"type":"account_information","actions":["list_accounts"],"urgency":"high"}]' },
      'invalid_authorization_details',
    ],
    ['a refresh token asked for', { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' }, 'invalid_request'],
  ])('refuses %s', async (_what, changes, error) => {
    expect(await errorOf(exchange(changes))).toBe(error);
  });

  test('refuses details wider than the consent', async () => {
    const narrow = await signInAtBank(bank, {
      authorization_details: JSON.stringify([{ type: 'account_information', actions: ['list_accounts'], identifier: 'main' }]),
    });
    const wider = (detail: object) =>
      exchange({ subject_token: narrow.accessToken, authorization_details: JSON.stringify([detail]) });
    expect(await errorOf(wider({ type: 'account_information', actions: ['list_accounts'], identifier: 'main' }))).toBe('accepted');
    expect(await errorOf(wider({ type: 'account_information', actions: ['list_accounts'] }))).toBe('invalid_authorization_details');
    expect(await errorOf(wider({ type: 'account_information', actions: ['read_balances'], identifier: 'main' }))).toBe(
      'invalid_authorization_details',
    );
  });

  test.each([
    ['another issuer', { claims: { iss: 'somebody' } }],
    ['another audience', { claims: { aud: 'https://elsewhere.example' } }],
    ['no subject', { claims: { sub: undefined } }],
    ['a life of 61 seconds', { claims: { exp: Math.floor(Date.now() / 1000) + 61, iat: Math.floor(Date.now() / 1000) } }],
    ['a past end', { claims: { iat: 1_700_000_000, exp: 1_700_000_060 } }],
    [
      'a beginning in the future',
      { claims: { iat: Math.floor(Date.now() / 1000) + 600, exp: Math.floor(Date.now() / 1000) + 630 } },
    ],
    ['no jti', { claims: { jti: undefined } }],
    ['the wrong typ', { header: { typ: 'JWT' } }],
  ])('refuses an actor token with %s', async (_what, changes) => {
    expect(await errorOf(exchange({ actor_token: await actorToken(bank, key, changes) }))).toBe('invalid_request');
  });

  test('refuses an actor token whose key did not sign the proof of this request', async () => {
    const other = await makeAgentKey(ada.config);
    expect(await errorOf(exchange({ actor_token: await actorToken(bank, other) }))).toBe('invalid_request');
    expect(await errorOf(exchange({ actor_token: await actorToken(bank, key, { signWith: other.pair }) }))).toBe('invalid_request');
  });

  test('refuses an actor token that was used before', async () => {
    const once = await actorToken(bank, key);
    expect(await errorOf(exchange({ actor_token: once }))).toBe('accepted');
    expect(await errorOf(exchange({ actor_token: once }))).toBe('invalid_request');
  });

  test('refuses an exchange without a proof', async () => {
    const parameters = await exchangeParameters(bank, ada, { key });
    expect(await errorOf(client.genericGrantRequest(ada.config, exchangeGrant, parameters))).toBe('invalid_dpop_proof');
  });

  test('refuses to delegate a delegated token', async () => {
    const { access_token: delegated } = await exchange();
    expect(await errorOf(exchange({ subject_token: delegated }))).toBe('invalid_request');
  });

  test('refuses a subject token that was revoked', async () => {
    const gone = await signInAtBank(bank);
    await client.tokenRevocation(gone.config, gone.refreshToken);
    expect(await errorOf(exchange({ subject_token: gone.accessToken }))).toBe('invalid_request');
  });

  test('a refresh token is rotated, bound to its key, and dies with its reuse', async () => {
    const session = await signInAtBank(bank);
    const refresh = (token: string, DPoP = session.personKey) =>
      client.refreshTokenGrant(session.config, token, { resource: bank.api }, { DPoP });
    expect(await errorOf(refresh(session.refreshToken, key.handle))).toBe('invalid_grant');
    const next = await refresh(session.refreshToken);
    expect(next.refresh_token).not.toBe(session.refreshToken);
    expect(await errorOf(refresh(session.refreshToken))).toBe('invalid_grant');
    expect(await errorOf(refresh(next.refresh_token ?? ''))).toBe('invalid_grant');
  });
});
