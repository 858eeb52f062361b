/** RFC 9449, 4.3, check by check, wherever a proof is sent. */
import { type Case, everywhere } from './case.ts';
import { all, anotherHeader, headers, noProof, proofBy, proofClaims, proofHeader, proofSpelled } from './draft.ts';
import type { Base } from './world.ts';
import { askWithProof, call, hashOfToken, poll, refresh } from './world.ts';

const now = (): number => Math.floor(Date.now() / 1000);
const last = (text: string): string => `${text.slice(0, -8)}AAAAAAAA`;

const endpoints: readonly (readonly [bases: readonly Base[], status: number])[] = [
  [[askWithProof, poll, refresh], 400],
  [[call], 401],
];

export const proofs: readonly Case[] = endpoints.flatMap(([bases, status]) => {
  const invalid = `${status} invalid_dpop_proof`;
  const nonce = `${status} use_dpop_nonce`;
  return everywhere('RFC 9449, 4.3', bases, [
    ['check 1, two proofs', anotherHeader('DPoP', 'a.b.c'), '400 invalid_request'],
    ['check 2, no JWT', proofSpelled(() => 'proof'), invalid],
    ['check 2, empty', proofSpelled(() => ''), invalid],
    ['check 2, two segments', proofSpelled((text) => text.split('.').slice(0, 2).join('.')), invalid],
    ['check 2, four segments', proofSpelled((text) => `${text}.AAAA`), invalid],
    ['check 2, padded', proofSpelled((text) => `${text}==`), invalid],
    ['check 2, joined by a comma', proofSpelled((text) => `${text}, ${text}`), invalid],
    ['check 2, claims that are no object', proofSpelled((text) => text.replace(/\.[^.]+\./, '.W10.')), invalid],
    ['check 3, no jti', proofClaims({ jti: undefined }), invalid],
    ['check 3, jti as a number', proofClaims({ jti: 7 }), invalid],
    ['check 3, jti empty', proofClaims({ jti: '' }), invalid],
    ['check 3, jti of a kilobyte', proofClaims({ jti: 'x'.repeat(1024) }), invalid],
    ['check 3, no htm', proofClaims({ htm: undefined }), invalid],
    ['check 3, no htu', proofClaims({ htu: undefined }), invalid],
    ['check 3, no iat', proofClaims({ iat: undefined }), invalid],
    ['check 3, iat as text', { by: () => proofClaims({ iat: String(now()) }) }, invalid],
    ['check 4, typ JWT', proofHeader({ typ: 'JWT' }), invalid],
    ['check 4, typ with its media type spelled out', proofHeader({ typ: 'application/dpop+jwt' }), invalid],
    ['check 4, typ in capitals', proofHeader({ typ: 'DPOP+JWT' }), invalid],
    ['check 4, no typ', proofHeader({ typ: undefined }), invalid],
    ['check 5, alg none', proofHeader({ alg: 'none' }), invalid],
    ['check 5, HMAC', proofHeader({ alg: 'HS256' }), invalid],
    ['check 5, alg of another family', proofHeader({ alg: 'RS256' }), invalid],
    ['check 5, alg of another curve', proofHeader({ alg: 'ES384' }), invalid],
    ['check 5, no alg', proofHeader({ alg: undefined }), invalid],
    ['check 6, another signature', proofSpelled(last), invalid],
    ['check 6, no signature', proofSpelled((text) => text.replace(/[^.]+$/, '')), invalid],
    ['check 6, a key that did not sign', { by: (world) => proofHeader({ jwk: world.stranger.jwk }) }, invalid],
    ['check 6, no key', proofHeader({ jwk: undefined }), invalid],
    ['check 6, a kid instead of a key', proofHeader({ jwk: undefined, kid: '1' }), invalid],
    [
      'check 6, a point that is not on the curve',
      { by: (world) => proofHeader({ jwk: { ...world.agent.dpopKey.jwk, y: world.agent.dpopKey.jwk.x } }) },
      invalid,
    ],
    ['check 7, a private key', { by: (world) => proofHeader({ jwk: { ...world.agent.dpopKey.jwk, d: 'AAAA' } }) }, invalid],
    ['check 7, a symmetric key', proofHeader({ jwk: { kty: 'oct', k: 'AAAA' } }), invalid],
    ['check 8, htm in lower case', (draft) => proofClaims({ htm: draft.method.toLowerCase() })(draft), invalid],
    ['check 8, htm of another method', proofClaims({ htm: 'PUT' }), invalid],
    ['check 9, htu of another path', { by: (world) => proofClaims({ htu: `${world.issuer}/jwks` }) }, invalid],
    ['check 9, htu of another host', proofClaims({ htu: 'http://127.0.0.1:1/token' }), invalid],
    [
      'check 9, htu with https',
      (draft) => proofClaims({ htu: String(draft.proof?.claims['htu']).replace('http:', 'https:') })(draft),
      invalid,
    ],
    ['check 9, htu with a slash more', (draft) => proofClaims({ htu: `${String(draft.proof?.claims['htu'])}/` })(draft), invalid],
    ['check 9, htu that is no URL', proofClaims({ htu: '/token' }), invalid],
    [
      'check 9, htu of localhost by name',
      (draft) => proofClaims({ htu: String(draft.proof?.claims['htu']).replace('127.0.0.1', 'localhost') })(draft),
      invalid,
    ],
    ['check 10, no nonce', proofClaims({ nonce: undefined }), nonce],
    ['check 10, a nonce of nobody', proofClaims({ nonce: 'AAAAAAAAAAAAAAAAAAAAAA' }), nonce],
    ['check 10, a nonce as a number', proofClaims({ nonce: 1 }), invalid],
    ['check 10, a nonce empty', proofClaims({ nonce: '' }), nonce],
    ['check 11, made two minutes ago', { by: () => proofClaims({ iat: now() - 120 }) }, invalid],
    ['check 11, made in a minute', { by: () => proofClaims({ iat: now() + 60 }) }, invalid],
    ['an extension that nobody knows (RFC 7515, 4.1.11)', proofHeader({ crit: ['x'], x: 1 }), invalid],
  ]);
});

export const proofOfKey: readonly Case[] = [
  ...everywhere('RFC 9449, 5', [poll, refresh], [['no proof', noProof, '400 invalid_dpop_proof']]),
  ...everywhere(
    'RFC 9449, 5',
    [refresh],
    [
      ['another key', { by: (world) => proofBy(world.stranger) }, '400 invalid_grant'],
      ['the key of another agent', { by: (world) => proofBy(world.other.dpopKey) }, '400 invalid_grant'],
    ],
  ),
  ...everywhere(
    'RFC 9449, 7',
    [call],
    [
      ['no proof', noProof, '401 invalid_dpop_proof'],
      ['another key', { by: (world) => proofBy(world.stranger) }, '401 invalid_token'],
      ['no ath', proofClaims({ ath: undefined }), '401 invalid_dpop_proof'],
      ['ath of another token', proofClaims({ ath: hashOfToken('another') }), '401 invalid_dpop_proof'],
      ['ath in hexadecimal', proofClaims({ ath: '00'.repeat(32) }), '401 invalid_dpop_proof'],
      ['ath as a number', proofClaims({ ath: 1 }), '401 invalid_dpop_proof'],
      [
        'as a bearer token (7.2)',
        (draft) => headers({ Authorization: String(draft.headers[0]?.[1]).replace('DPoP', 'Bearer') })(draft),
        '401 invalid_token',
      ],
      [
        'as a bearer token without a proof (7.2)',
        (draft) => all(noProof, headers({ Authorization: String(draft.headers[0]?.[1]).replace('DPoP', 'Bearer') }))(draft),
        '401 invalid_token',
      ],
      [
        "another agent's token",
        {
          by: (world) =>
            all(
              headers({ Authorization: `DPoP ${world.othersTokens.accessToken}` }),
              proofClaims({ ath: hashOfToken(world.othersTokens.accessToken) }),
            ),
        },
        '401 invalid_token',
      ],
      [
        "another agent's token and key, its refresh token",
        {
          by: (world) =>
            all(
              headers({ Authorization: `DPoP ${world.othersTokens.refreshToken}` }),
              proofBy(world.other.dpopKey),
              proofClaims({ ath: hashOfToken(world.othersTokens.refreshToken) }),
            ),
        },
        '401 invalid_token',
      ],
      [
        'a made-up token',
        all(headers({ Authorization: 'DPoP made-up' }), proofClaims({ ath: hashOfToken('made-up') })),
        '401 invalid_token',
      ],
      ['two Authorization headers', anotherHeader('Authorization', 'DPoP x'), '400 invalid_request'],
    ],
  ),
];
