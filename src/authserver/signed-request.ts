import { verify } from 'node:crypto';
import { errors } from 'oidc-provider';
import { proofAlgorithms } from '../base/proof-algorithms.ts';
import { type PublicKey, parsePublicJwk } from '../base/public-key.ts';
import { findDuplicateKey } from '../details/details.ts';
import type { SentParameters } from './asked-of.ts';
import { parseCompactJwt, parseJsonSegment } from './compact-jwt.ts';

/** A signed authentication request (CIBA Core 1.0, section 7.1.1). */
export interface SignedRequest {
  /** One spelling only. */
  readonly text: string;
  /** The claims, every parameter among them. */
  readonly claims: SentParameters;
  readonly jti: string;
  /** Seconds since the epoch. */
  readonly exp: number;
}

export const requestSigningAlgorithms = proofAlgorithms;

/** Parameters of client authentication, and the request itself: nothing else may stand beside it. */
const besides = new Set(['request', 'client_id', 'client_assertion', 'client_assertion_type']);
const types = [undefined, 'JWT', 'oauth-authz-req+jwt'];

/** Seconds. FAPI-CIBA: `nbf` at most 60 minutes old, `exp` at most 60 minutes after it. */
const longestSeconds = 60 * 60;
const skewSeconds = 5;
const longestJti = 256;
/** Room for 16 KiB of authorization details, encoded. */
const longestText = 32 * 1024;

/**
 * Reads a signed request. Throws `invalid_request` for what CIBA forbids and the library lets pass: other parameters beside it, missing
 * claims, long lives, another kind of JWT, several spellings. The signature, `iss` and whether it is in time are checked elsewhere.
 *
 * @param body Everything that was sent.
 * @param now Seconds since the epoch.
 */
export function readSignedRequest(
  body: SentParameters,
  { issuer, now }: { readonly issuer: string; readonly now: number },
): SignedRequest {
  const other = Object.keys(body).find((name) => !besides.has(name));
  if (other !== undefined) throw refused('nothing but client authentication may stand beside request');
  const text = body['request'];
  if (typeof text !== 'string') throw refused('request must be one JWT');
  return parse(text, { issuer, now });
}

/**
 * True when the request that was kept is one that this key signed for us, in time when it came: what was written while locked is judged
 * by it at the unlock (security rule 23).
 */
export function isSignedRequestOf(
  text: string,
  of: { readonly agentId: string; readonly jwk: unknown; readonly issuer: string; readonly receivedAt: number },
): SignedRequest | undefined {
  const key = parsePublicJwk(of.jwk);
  const now = Math.floor(of.receivedAt / 1000);
  try {
    const request = parse(text, { issuer: of.issuer, now });
    const { iss, nbf } = request.claims;
    if (key === undefined || !isSignedBy(text, key)) return undefined;
    const inTime = Number(nbf) <= now + skewSeconds && request.exp > now - skewSeconds;
    return iss === of.agentId && inTime ? request : undefined;
  } catch (error) {
    if (error instanceof errors.OIDCProviderError) return undefined;
    throw error;
  }
}

function parse(text: string, { issuer, now }: { readonly issuer: string; readonly now: number }): SignedRequest {
  const jwt = parseCompactJwt(text, longestText);
  if (jwt === undefined) throw refused('request must be one canonical JWT');
  const header = parseJsonSegment(jwt.headerText) ?? {};
  // security: a DPoP proof or any other JWT by the same key is no request (RFC 8725, 3.12)
  if (!types.includes(header['typ'] as string | undefined)) throw refused('typ must be JWT or oauth-authz-req+jwt');
  if (Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64'))
    throw refused('the header has extensions that are not known here');
  if (!requestSigningAlgorithms.some((one) => one === header['alg']))
    throw refused(`alg must be one of ${requestSigningAlgorithms.join(', ')}`);
  if (findDuplicateKey(payloadTextOf(text)) !== undefined) throw refused('a name stands twice in one object');
  return { text, claims: jwt.payload, ...checkClaims(jwt.payload, { issuer, now }) };
}

/** JSON as it was written: parsing forgets a name that stands twice. */
function payloadTextOf(text: string): string {
  return Buffer.from(text.split('.')[1] ?? '', 'base64url').toString('utf8');
}

function checkClaims(
  claims: SentParameters,
  { issuer, now }: { readonly issuer: string; readonly now: number },
): { readonly jti: string; readonly exp: number } {
  const { aud, iss, exp, iat, nbf, jti } = claims;
  const [audience, ...others] = Array.isArray(aud) ? (aud as readonly unknown[]) : [aud];
  if (audience !== issuer || others.length > 0) throw refused('aud must be this server and nobody else');
  if (typeof iss !== 'string') throw refused('iss is missing');
  if (!isInstant(exp)) throw refused('exp is missing');
  if (!isInstant(iat)) throw refused('iat is missing');
  if (!isInstant(nbf)) throw refused('nbf is missing');
  if (typeof jti !== 'string' || jti === '' || jti.length > longestJti) throw refused('jti is missing or too long');
  // security: with sub it could be used for client authentication (RFC 9101, 10.8)
  if (claims['sub'] !== undefined) throw refused('sub must not be there');
  if (exp - nbf > longestSeconds) throw refused('it lives too long');
  if (now - nbf > longestSeconds + skewSeconds) throw refused('nbf is too long ago');
  if (iat > now + skewSeconds) throw refused('iat is in the future');
  return { jti, exp };
}

function isInstant(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}

function isSignedBy(text: string, { key, algorithms }: PublicKey): boolean {
  const jwt = parseCompactJwt(text, longestText);
  const alg = jwt && parseJsonSegment(jwt.headerText)?.['alg'];
  if (jwt === undefined || !algorithms.some((one) => one === alg)) return false;
  const digest = alg === 'ES256' ? 'sha256' : null;
  return verify(digest, Buffer.from(jwt.signed, 'latin1'), { key, dsaEncoding: 'ieee-p1363' }, jwt.signature);
}

function refused(description: string): Error {
  return new errors.InvalidRequestObject(description);
}
