import { randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, SignJWT } from 'jose';
import * as client from 'openid-client';
import type { DemoBank } from './demo-bank.ts';
import { signInAsAda } from './sign-in-as-ada.ts';

export const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const allActions = ['list_accounts', 'read_balances', 'read_transactions'];

/** A stock client that has signed in at the bank as ada. */
export interface SignedIn {
  readonly config: client.Configuration;
  readonly personKey: client.DPoPHandle;
  readonly accessToken: string;
  readonly refreshToken: string;
}

const redirectUri = 'http://127.0.0.1:51234/callback';

export async function signInAtBank(bank: DemoBank, changes: Record<string, string> = {}): Promise<SignedIn> {
  const config = await client.discovery(
    new URL(bank.issuer),
    'counterfoil',
    { id_token_signed_response_alg: 'ES256' },
    client.None(),
    {
      execute: [client.allowInsecureRequests],
    },
  );
  const personKey = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'));
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const url = await client.buildAuthorizationUrlWithPAR(
    config,
    {
      redirect_uri: redirectUri,
      scope: 'openid offline_access accounts payments',
      prompt: 'consent',
      resource: bank.api,
      authorization_details: JSON.stringify([{ type: 'account_information', actions: allActions }]),
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      ...changes,
    },
    { DPoP: personKey },
  );
  const callback = await signInAsAda(url.href);
  const tokens = await client.authorizationCodeGrant(
    config,
    new URL(callback),
    { pkceCodeVerifier: verifier, expectedState: state },
    { resource: bank.api },
    { DPoP: personKey },
  );
  return { config, personKey, accessToken: tokens.access_token, refreshToken: tokens.refresh_token ?? '' };
}

export interface AgentKey {
  readonly pair: CryptoKeyPair;
  readonly handle: client.DPoPHandle;
  readonly jkt: string;
}

export async function makeAgentKey(config: client.Configuration): Promise<AgentKey> {
  const pair = await client.randomDPoPKeyPair('ES256', { extractable: true });
  return { pair, handle: client.getDPoPHandle(config, pair), jkt: await calculateJwkThumbprint(await exportJWK(pair.publicKey)) };
}

export interface ActorChanges {
  readonly header?: Record<string, unknown>;
  readonly claims?: Record<string, unknown>;
  readonly signWith?: CryptoKeyPair;
}

export async function actorToken(bank: DemoBank, key: AgentKey, changes: ActorChanges = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: 'counterfoil',
    sub: 'agent-7',
    aud: bank.issuer,
    iat: now,
    exp: now + 60,
    jti: randomUUID(),
    ...changes.claims,
  };
  return new SignJWT(claims)
    .setProtectedHeader({ typ: 'actor+jwt', alg: 'ES256', jwk: await exportJWK(key.pair.publicKey), ...changes.header })
    .sign((changes.signWith ?? key.pair).privateKey);
}

/** Parameters of a good exchange; `changes` with `undefined` leaves one out. */
export async function exchangeParameters(
  bank: DemoBank,
  signedIn: SignedIn,
  given: { key: AgentKey; changes?: Record<string, string | undefined> },
): Promise<Record<string, string>> {
  const all = {
    subject_token: signedIn.accessToken,
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    actor_token: await actorToken(bank, given.key),
    actor_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    resource: bank.api,
    scope: 'accounts',
    authorization_details: JSON.stringify([{ type: 'account_information', actions: ['list_accounts'] }]),
    ...given.changes,
  };
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
