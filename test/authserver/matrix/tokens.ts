/** RFC 6749, 5 and 6, CIBA Core 10 and 11, RFC 7009, RFC 7662, RFC 9700, and what is not offered. */
import { cibaGrantType } from '../support/stock-agent.ts';
import { type Case, cases, everywhere } from './case.ts';
import { all, json, params, proofBy, twice } from './draft.ts';
import { introspect, poll, refresh, register, revoke } from './world.ts';

const invalidRequest = '400 invalid_request';
const invalidGrant = '400 invalid_grant';
const metadata = '400 invalid_client_metadata';

const notOffered: readonly (readonly [section: string, grantType: string, more: Readonly<Record<string, string>>])[] = [
  ['RFC 9700, 2.4', 'password', { username: 'a', password: 'b' }],
  ['RFC 9700, 2.1.2', 'implicit', {}],
  ['RFC 6749, 4.1.3', 'authorization_code', { code: 'x', redirect_uri: 'http://127.0.0.1/cb' }],
  ['RFC 7636, 4.5', 'authorization_code', { code: 'x', code_verifier: 'y'.repeat(43) }],
  ['RFC 6749, 4.4', 'client_credentials', { scope: 'accounts' }],
  [
    'RFC 8693, 2.1',
    'urn:ietf:params:oauth:grant-type:token-exchange',
    { subject_token: 'x', subject_token_type: 'urn:ietf:params:oauth:token-type:access_token' },
  ],
  ['RFC 7523, 2.1', 'urn:ietf:params:oauth:grant-type:jwt-bearer', { assertion: 'a.b.c' }],
  ['RFC 7522, 2.1', 'urn:ietf:params:oauth:grant-type:saml2-bearer', { assertion: 'x' }],
  ['RFC 8628, 3.4', 'urn:ietf:params:oauth:grant-type:device_code', { device_code: 'x' }],
  ['RFC 6749, 4.5', 'urn:example:nothing', {}],
  ['RFC 6749, 4.5', 'CIBA', {}],
  ['RFC 6749, 4.5', '__proto__', {}],
];

export const tokenRequests: readonly Case[] = [
  ...notOffered.flatMap(([section, grant_type, more]) =>
    cases(section, refresh, [
      [
        `grant type ${grant_type} with ${Object.keys(more).join(' and ') || 'nothing else'}`,
        params({ grant_type, ...more }),
        '400 unsupported_grant_type',
      ],
    ]),
  ),
  ...everywhere(
    'RFC 6749, 5.2',
    [poll, refresh],
    [
      ['no grant type', params({ grant_type: undefined }), invalidRequest],
      ['an empty grant type', params({ grant_type: '' }), invalidRequest],
      ['grant type twice', twice('grant_type'), invalidRequest],
    ],
  ),
  ...cases('CIBA Core 1.0, 10.1', poll, [
    ['no auth_req_id', params({ auth_req_id: undefined }), invalidRequest],
    ['an empty auth_req_id', params({ auth_req_id: '' }), invalidRequest],
    ['auth_req_id twice', twice('auth_req_id'), invalidRequest],
  ]),
  ...cases('CIBA Core 1.0, 11', poll, [
    ['an auth_req_id of nobody', params({ auth_req_id: 'x'.repeat(43) }), invalidGrant],
    ["another agent's auth_req_id", { by: (world) => params({ auth_req_id: world.othersRequest }) }, invalidGrant],
    [
      "another agent's auth_req_id under its key",
      { by: (world) => all(params({ auth_req_id: world.othersRequest }), proofBy(world.other.dpopKey)) },
      invalidGrant,
    ],
    ['an access token as auth_req_id', { by: (world) => params({ auth_req_id: world.othersTokens.accessToken }) }, invalidGrant],
    ['a refresh token as auth_req_id', { by: (world) => params({ auth_req_id: world.othersTokens.refreshToken }) }, invalidGrant],
    ['an auth_req_id of ten kilobytes', params({ auth_req_id: 'x'.repeat(10_000) }), invalidGrant],
  ]),
  ...cases('RFC 6749, 6', refresh, [
    ['no refresh token', params({ refresh_token: undefined }), invalidRequest],
    ['an empty refresh token', params({ refresh_token: '' }), invalidRequest],
    ['the refresh token twice', twice('refresh_token'), invalidRequest],
    ['a refresh token of nobody', params({ refresh_token: 'x'.repeat(43) }), invalidGrant],
    ["another agent's refresh token", { by: (world) => params({ refresh_token: world.othersTokens.refreshToken }) }, invalidGrant],
    [
      "another agent's refresh token under its key",
      { by: (world) => all(params({ refresh_token: world.othersTokens.refreshToken }), proofBy(world.other.dpopKey)) },
      invalidGrant,
    ],
    ["another agent's access token", { by: (world) => params({ refresh_token: world.othersTokens.accessToken }) }, invalidGrant],
    ['an auth_req_id as refresh token', { by: (world) => params({ refresh_token: world.othersRequest }) }, invalidGrant],
    ['a scope that was not granted', params({ scope: 'payments' }), '400 invalid_scope'],
    ['a scope of nobody', params({ scope: 'root' }), '400 invalid_scope'],
    ['a scope in forbidden characters', params({ scope: '"accounts"' }), '400 invalid_scope'],
    ['scope twice', twice('scope'), invalidRequest],
  ]),
  ...cases('CIBA Core 1.0, 10.1', refresh, [
    ['a refresh token sent as a poll', params({ grant_type: cibaGrantType }), invalidRequest],
  ]),
];

export const introspection: readonly Case[] = [
  ...everywhere(
    'RFC 7662, 2.1',
    [introspect],
    [
      ['no token', params({ token: undefined }), invalidRequest],
      ['an empty token', params({ token: '' }), invalidRequest],
      ['the token twice', twice('token'), invalidRequest],
      ['the hint twice', params({ token_type_hint: ['access_token', 'access_token'] }), invalidRequest],
    ],
  ),
  ...cases('RFC 7662, 2.2', introspect, [
    ['a token of nobody', params({ token: 'x'.repeat(43) }), '200 inactive {"active":false}'],
    [
      "another agent's access token",
      { by: (world) => params({ token: world.othersTokens.accessToken }) },
      '200 inactive {"active":false}',
    ],
    [
      "another agent's refresh token",
      { by: (world) => params({ token: world.othersTokens.refreshToken }) },
      '200 inactive {"active":false}',
    ],
    [
      'a token of nobody with a hint of nobody',
      params({ token: 'x'.repeat(43), token_type_hint: 'cookie' }),
      '200 inactive {"active":false}',
    ],
    ['an auth_req_id', { by: (world) => params({ token: world.othersRequest }) }, '200 inactive {"active":false}'],
    [
      'a JWT that we did not sign',
      params({ token: 'eyJhbGciOiJub25lIn0.e30.' }),
      '(200 inactive {"active":false}|400 unsupported_token_type)',
    ],
  ]),
];

export const revocation: readonly Case[] = [
  ...cases('RFC 7009, 2.1', revoke, [
    ['no token', params({ token: undefined }), invalidRequest],
    ['an empty token', params({ token: '' }), invalidRequest],
    ['the token twice', twice('token'), invalidRequest],
    ['the hint twice', params({ token_type_hint: ['access_token', 'access_token'] }), invalidRequest],
    ["another agent's access token", { by: (world) => params({ token: world.othersTokens.accessToken }) }, '200 ok'],
    ["another agent's refresh token", { by: (world) => params({ token: world.othersTokens.refreshToken }) }, '200 ok'],
  ]),
  ...cases('RFC 7009, 2.2', revoke, [
    ['a token of nobody', params({ token: 'x'.repeat(43) }), '200 ok'],
    ['a token of nobody with a hint of nobody', params({ token: 'x'.repeat(43), token_type_hint: 'cookie' }), '200 ok'],
    ["another agent's auth_req_id", { by: (world) => params({ token: world.othersRequest }) }, '200 ok'],
  ]),
];

export const registrations: readonly Case[] = [
  ...cases('RFC 7591, 2', register, [
    ['a redirect', json({ redirect_uris: ['http://127.0.0.1/cb'] }), '400 invalid_(client_metadata|redirect_uri)'],
    [
      'a redirect to a page',
      json({ redirect_uris: ['https://evil.example/cb'], response_types: ['code'] }),
      '400 invalid_(client_metadata|redirect_uri)',
    ],
    ['response types', json({ response_types: ['code'] }), metadata],
    ['no authentication', json({ token_endpoint_auth_method: 'none' }), metadata],
    ['a secret in the body', json({ token_endpoint_auth_method: 'client_secret_post' }), metadata],
    ['a secret by Basic', json({ token_endpoint_auth_method: 'client_secret_basic' }), metadata],
    ['a secret that signs', json({ token_endpoint_auth_method: 'client_secret_jwt' }), metadata],
    ['a certificate', json({ token_endpoint_auth_method: 'tls_client_auth' }), metadata],
    ['a secret of its own', json({ client_secret: 'x'.repeat(40) }), metadata],
    ['keys to be fetched', json({ jwks: undefined, jwks_uri: 'https://agent.example/keys' }), metadata],
    ['keys both ways', json({ jwks_uri: 'https://agent.example/keys' }), metadata],
    ['no keys', json({ jwks: undefined }), metadata],
    ['no key', json({ jwks: { keys: [] } }), metadata],
    ['two keys', { by: (world) => json({ jwks: { keys: [world.stranger.jwk, world.agent.key.jwk] } }) }, metadata],
    ['keys that are no list', json({ jwks: { keys: {} } }), metadata],
    ['keys as text', json({ jwks: 'x' }), metadata],
    ['a private key', { by: (world) => json({ jwks: { keys: [{ ...world.stranger.jwk, d: 'AAAA' }] } }) }, metadata],
    ['a symmetric key', json({ jwks: { keys: [{ kty: 'oct', k: 'AAAA' }] } }), metadata],
    ['an RSA key', json({ jwks: { keys: [{ kty: 'RSA', n: 'AQAB', e: 'AQAB' }] } }), metadata],
    ['a key on another curve', { by: (world) => json({ jwks: { keys: [{ ...world.stranger.jwk, crv: 'P-384' }] } }) }, metadata],
    [
      'a key that is not on its curve',
      { by: (world) => json({ jwks: { keys: [{ ...world.stranger.jwk, y: world.stranger.jwk.x }] } }) },
      metadata,
    ],
    ['a key for encryption', { by: (world) => json({ jwks: { keys: [{ ...world.stranger.jwk, use: 'enc' }] } }) }, metadata],
    ['a sector elsewhere', json({ sector_identifier_uri: 'https://agent.example/sector' }), metadata],
    ['pairwise subjects', json({ subject_type: 'pairwise' }), metadata],
    ['ID tokens by HMAC', json({ id_token_signed_response_alg: 'HS256' }), metadata],
    ['ID tokens without a signature', json({ id_token_signed_response_alg: 'none' }), metadata],
    ['a name of two lines', json({ client_name: 'a\nb' }), metadata],
    ['a name read from right to left', json({ client_name: 'abc\u202edef' }), metadata],
    ['a name of a kilobyte', json({ client_name: 'a'.repeat(1024) }), metadata],
    ['a name as a number', json({ client_name: 1 }), metadata],
    ['an empty name', json({ client_name: '' }), metadata],
    ['the grant type password', json({ grant_types: [cibaGrantType, 'password'] }), metadata],
    ['the grant type implicit', json({ grant_types: [cibaGrantType, 'implicit'] }), metadata],
    ['the grant type authorization_code', json({ grant_types: [cibaGrantType, 'authorization_code'] }), metadata],
    ['the grant type client_credentials', json({ grant_types: [cibaGrantType, 'client_credentials'] }), metadata],
    ['no CIBA', json({ grant_types: ['refresh_token'] }), metadata],
    ['grant types as text', json({ grant_types: cibaGrantType }), metadata],
  ]),
  ...cases('RFC 7591, 2.3', register, [
    ['a software statement', json({ software_statement: 'a.b.c' }), '400 (invalid_client_metadata|invalid_software_statement)'],
  ]),
  ...cases('CIBA Core 1.0, 4', register, [
    [
      'push',
      json({ backchannel_token_delivery_mode: 'push', backchannel_client_notification_endpoint: 'http://127.0.0.1:9/ping' }),
      metadata,
    ],
    ['a delivery mode of nobody', json({ backchannel_token_delivery_mode: 'pigeon' }), metadata],
    ['user codes', json({ backchannel_user_code_parameter: true }), metadata],
  ]),
  ...cases('RFC 9396, 10', register, [
    ['a type of nobody', json({ authorization_details_types: ['open_the_door'] }), metadata],
    ['types as text', json({ authorization_details_types: 'account_information' }), metadata],
  ]),
];
