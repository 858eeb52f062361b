/** An agent as its author would write it: openid-client, unmodified, and plain requests where a test must misbehave. */

import type { JsonWebKey, KeyObject } from 'node:crypto';
import { createHash, createPrivateKey, randomUUID, sign } from 'node:crypto';
import * as oauth from 'openid-client';
import { accounts } from '../../details/samples.ts';

export const cibaGrantType = 'urn:openid:params:grant-type:ciba';

export interface SigningKey {
  readonly pair: CryptoKeyPair;
  readonly jwk: JsonWebKey;
  readonly privateKey: KeyObject;
  readonly thumbprint: string;
}

export async function newKey(): Promise<SigningKey> {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  const { kty, crv, x, y } = (await crypto.subtle.exportKey('jwk', pair.publicKey)) as JsonWebKey;
  const jwk = { kty, crv, x, y } as JsonWebKey;
  const whole = (await crypto.subtle.exportKey('jwk', pair.privateKey)) as JsonWebKey;
  const thumbprint = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
  return { pair, jwk, privateKey: createPrivateKey({ key: whole, format: 'jwk' }), thumbprint };
}

export interface StockAgent {
  readonly id: string;
  readonly config: oauth.Configuration;
  readonly key: SigningKey;
  readonly dpopKey: SigningKey;
  readonly dpop: oauth.DPoPHandle;
  readonly resource: string;
  /** Sends a CIBA request by openid-client. */
  ask(parameters?: Readonly<Record<string, string>>): Promise<oauth.BackchannelAuthenticationResponse>;
  /** Polls once, with a nonce, without openid-client's waiting. */
  poll(authReqId: string, how?: PollOptions): Promise<Answer>;
  refresh(token: string, how?: PollOptions): Promise<Answer>;
  /** Any form to any endpoint, with a client assertion. */
  post(path: string, parameters: Readonly<Record<string, string | readonly string[]>>, how?: PostOptions): Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface PostOptions {
  readonly assertion?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface PollOptions extends PostOptions {
  readonly dpopKey?: SigningKey;
  /** `null` sends none. */
  readonly proof?: string | null;
  readonly parameters?: Readonly<Record<string, string>>;
}

export const registration = (key: SigningKey, more: Readonly<Record<string, unknown>> = {}) => ({
  client_name: 'planner',
  jwks: { keys: [key.jwk] },
  token_endpoint_auth_method: 'private_key_jwt',
  grant_types: [cibaGrantType, 'refresh_token'],
  response_types: [],
  redirect_uris: [],
  backchannel_token_delivery_mode: 'poll',
  id_token_signed_response_alg: 'ES256',
  dpop_bound_access_tokens: true,
  ...more,
});

/** Discovers, registers and is ready to ask. */
export async function registerAgent(issuer: string, more: Readonly<Record<string, unknown>> = {}): Promise<StockAgent> {
  const key = await newKey();
  const dpopKey = await newKey();
  const config = await oauth.dynamicClientRegistration(
    new URL(issuer),
    registration(key, more) as never,
    oauth.PrivateKeyJwt(key.pair.privateKey),
    { execute: [oauth.allowInsecureRequests] },
  );
  const id = config.clientMetadata().client_id;
  const resource = `${issuer}/proxy/demo`;
  const post: StockAgent['post'] = (path, parameters, how = {}) =>
    send(
      `${issuer}${path}`,
      { client_id: id, ...assertionParameters(how.assertion ?? assertion({ key, id, issuer })), ...parameters },
      how,
    );
  const token = async (parameters: Readonly<Record<string, string>>, how: PollOptions): Promise<Answer> => {
    const nonce = await nonceOf(issuer, post);
    const proof =
      how.proof === undefined ? proofFor(how.dpopKey ?? dpopKey, { htm: 'POST', htu: `${issuer}/token`, nonce }) : how.proof;
    return post(
      '/token',
      { ...parameters, ...how.parameters },
      { ...how, headers: { ...how.headers, ...(proof === null ? {} : { DPoP: proof }) } },
    );
  };
  return {
    id,
    config,
    key,
    dpopKey,
    dpop: oauth.getDPoPHandle(config, dpopKey.pair),
    resource,
    ask: (parameters = {}) => oauth.initiateBackchannelAuthentication(config, { ...question(resource), ...parameters }),
    poll: (authReqId, how = {}) => token({ grant_type: cibaGrantType, auth_req_id: authReqId }, how),
    refresh: (value, how = {}) => token({ grant_type: 'refresh_token', refresh_token: value }, how),
    post,
  };
}

export const question = (resource: string): Record<string, string> => ({
  scope: 'openid accounts',
  login_hint: 'me',
  resource,
  authorization_details: JSON.stringify([accounts]),
});

async function nonceOf(issuer: string, post: StockAgent['post']): Promise<string> {
  const answer = await post('/token', { grant_type: cibaGrantType, auth_req_id: 'none' });
  const nonce = answer.headers.get('dpop-nonce');
  if (nonce === null) throw new Error(`no nonce from ${issuer}: ${JSON.stringify(answer.body)}`);
  return nonce;
}

export function assertion(
  of: { readonly key: SigningKey; readonly id: string; readonly issuer: string },
  claims: Readonly<Record<string, unknown>> = {},
): string {
  const now = Math.floor(Date.now() / 1000);
  return signJwt(
    of.key,
    { alg: 'ES256' },
    { iss: of.id, sub: of.id, aud: of.issuer, jti: randomUUID(), iat: now, exp: now + 60, ...claims },
  );
}

export function assertionParameters(value: string): Record<string, string> {
  return { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', client_assertion: value };
}

export function proofFor(
  key: SigningKey,
  claims: Readonly<Record<string, unknown>>,
  header: Readonly<Record<string, unknown>> = {},
): string {
  const iat = Math.floor(Date.now() / 1000);
  return signJwt(key, { alg: 'ES256', typ: 'dpop+jwt', jwk: key.jwk, ...header }, { jti: randomUUID(), iat, ...claims });
}

export function signJwt(
  key: SigningKey,
  header: Readonly<Record<string, unknown>>,
  payload: Readonly<Record<string, unknown>>,
): string {
  const text = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const signature = sign('sha256', Buffer.from(text), { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}

export async function send(
  url: string,
  parameters: Readonly<Record<string, string | readonly string[]>>,
  how: PostOptions = {},
): Promise<Answer> {
  const body = new URLSearchParams(
    Object.entries(parameters).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value]] : value.map((one) => [name, one]),
    ),
  );
  const response = await fetch(url, {
    method: 'POST',
    body,
    headers: { ...how.headers },
    ...(how.signal ? { signal: how.signal } : {}),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
  };
}
