/** RFC 7523 and CIBA Core 7.1: `private_key_jwt`, the same at every endpoint. RFC 8725 on what is inside a JWT. */
import { type Case, cases, everywhere } from './case.ts';
import {
  all,
  anotherHeader,
  assertionBy,
  assertionClaims,
  assertionHeader,
  assertionSpelled,
  headers,
  noAssertion,
  params,
  twice,
} from './draft.ts';
import { ask, introspect, poll, refresh, revoke } from './world.ts';

const authenticated = [ask, poll, refresh, introspect, revoke];
const now = (): number => Math.floor(Date.now() / 1000);
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
const refused = '401 invalid_client';

const otherBase64 = (text: string): string => text.replaceAll('-', '+').replaceAll('_', '/');
const looseBits = (text: string): string => {
  const last = text.slice(-1);
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  // 64 bytes in base64url leave four loose bits in the last character
  return `${text.slice(0, -1)}${alphabet[alphabet.indexOf(last) ^ 1]}`;
};

export const clientAuthentication: readonly Case[] = [
  ...everywhere('RFC 7523, 3', authenticated, [
    ['iss of another agent', { by: (world) => assertionClaims({ iss: world.other.id }) }, refused],
    ['no iss', assertionClaims({ iss: undefined }), refused],
    [
      'sub of another agent',
      { by: (world) => all(params({ client_id: undefined }), assertionClaims({ sub: world.other.id })) },
      refused,
    ],
    ['sub of nobody', all(params({ client_id: undefined }), assertionClaims({ sub: 'agent_nobody' })), refused],
    ['no sub', assertionClaims({ sub: undefined }), refused],
    ['aud of another server', assertionClaims({ aud: 'https://other.example' }), refused],
    ['aud that only begins like ours', { by: (world) => assertionClaims({ aud: `${world.issuer}.example` }) }, refused],
    ['no aud', assertionClaims({ aud: undefined }), refused],
    ['aud an empty list', assertionClaims({ aud: [] }), refused],
    ['no exp', assertionClaims({ exp: undefined }), refused],
    ['exp in the past', { by: () => assertionClaims({ iat: now() - 120, exp: now() - 60 }) }, refused],
    ['exp as text', { by: () => assertionClaims({ exp: String(now() + 60) }) }, refused],
    ['nbf in the future', { by: () => assertionClaims({ nbf: now() + 50 }) }, refused],
    ['iat in the future', { by: () => assertionClaims({ iat: now() + 50 }) }, refused],
    ['no jti', assertionClaims({ jti: undefined }), refused],
    ['jti empty', assertionClaims({ jti: '' }), refused],
    ['a life of an hour (security rule 18)', { by: () => assertionClaims({ exp: now() + 3600 }) }, refused],
    ['made an hour ago (security rule 18)', { by: () => assertionClaims({ iat: now() - 3600 }) }, refused],
  ]),
  ...everywhere('RFC 8725, 3', authenticated, [
    ['alg none (3.2)', assertionHeader({ alg: 'none' }), refused],
    ['alg None (3.2)', assertionHeader({ alg: 'None' }), refused],
    ['HMAC by the public key (3.1)', assertionHeader({ alg: 'HS256' }), refused],
    ['alg of another family (3.1)', assertionHeader({ alg: 'RS256' }), refused],
    ['alg of another curve (3.1)', assertionHeader({ alg: 'ES384' }), refused],
    ['no alg (3.1)', assertionHeader({ alg: undefined }), refused],
    ['signed by a stranger (3.3)', { by: (world) => assertionBy(world.stranger) }, refused],
    [
      'a key of its own in the header (3.10)',
      { by: (world) => all(assertionBy(world.stranger), assertionHeader({ jwk: world.stranger.jwk })) },
      refused,
    ],
    ['an extension that nobody knows (RFC 7515, 4.1.11)', assertionHeader({ crit: ['x'], x: 1 }), refused],
    ['no signature', assertionSpelled((text) => text.replace(/[^.]+$/, '')), refused],
    ['another signature', assertionSpelled((text) => `${text.slice(0, -8)}AAAAAAAA`), refused],
    ['padded (RFC 7515, 2)', assertionSpelled((text) => `${text}==`), refused],
    ['in another alphabet (RFC 7515, 2)', assertionSpelled((text) => `${otherBase64(text)}+/`), refused],
    ['with loose last bits (security rule 18)', assertionSpelled(looseBits), refused],
    ['of two segments', assertionSpelled((text) => text.split('.').slice(0, 2).join('.')), '40[01] invalid_(client|request)'],
    ['of four segments', assertionSpelled((text) => `${text}.AAAA`), '40[01] invalid_(client|request)'],
    ['no JWT at all', assertionSpelled(() => 'letmein'), '400 invalid_request'],
  ]),
  ...everywhere('RFC 6749, 2.3', authenticated, [
    ['no authentication', noAssertion, refused],
    ['no client_id either', all(noAssertion, params({ client_id: undefined })), '400 invalid_request'],
    ['client_id of another agent', { by: (world) => params({ client_id: world.other.id }) }, '400 invalid_request'],
    ['a secret instead', all(noAssertion, params({ client_secret: 'secret' })), refused],
    ['Basic instead', { by: (world) => all(noAssertion, headers({ Authorization: basic(`${world.agent.id}:secret`) })) }, refused],
    ['two ways at once', { by: (world) => headers({ Authorization: basic(`${world.agent.id}:secret`) }) }, '400 invalid_request'],
    [
      'another assertion type',
      params({ client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer' }),
      '400 invalid_request',
    ],
    ['no assertion type', params({ client_assertion_type: undefined }), '400 invalid_request'],
  ]),
  ...everywhere('RFC 6749, 3.2', authenticated, [
    ['client_id twice', twice('client_id'), '400 invalid_request'],
    [
      'client_assertion_type twice',
      params({ client_assertion_type: ['urn:ietf:params:oauth:client-assertion-type:jwt-bearer', 'x'] }),
      '400 invalid_request',
    ],
  ]),
  ...cases('RFC 9110, 11.6.2', poll, [
    [
      'two Authorization headers',
      all(anotherHeader('Authorization', 'Basic YTpi'), anotherHeader('Authorization', 'Basic YTpi')),
      '400 invalid_request',
    ],
  ]),
];
