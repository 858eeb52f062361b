import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKeyInput,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { type Clock, epochSeconds } from '../base/clock.ts';

/** A DPoP key pair for one agent at one connection, ready to sign. */
export interface BrokerKey {
  /** RFC 7638, SHA-256. */
  readonly jkt: string;
  readonly privateKey: KeyObject;
  /** Encoded JOSE headers; they never change for a key. */
  readonly proofHeader: string;
  readonly actorHeader: string;
}

/** A new ES256 private key as JWK text. */
export function makeKeyText(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return JSON.stringify(privateKey.export({ format: 'jwk' }));
}

/** The key that {@link makeKeyText} wrote. */
export function parseBrokerKey(text: string): BrokerKey {
  const privateKey = createPrivateKey({ key: JSON.parse(text) as JsonWebKeyInput['key'], format: 'jwk' });
  const { crv, kty, x, y } = createPublicKey(privateKey).export({ format: 'jwk' });
  // The members in the order of RFC 7638, section 3.
  const jwk = { crv, kty, x, y };
  const header = (typ: string): string => encode(JSON.stringify({ typ, alg: 'ES256', jwk }));
  return {
    jkt: createHash('sha256').update(JSON.stringify(jwk)).digest('base64url'),
    privateKey,
    proofHeader: header('dpop+jwt'),
    actorHeader: header('actor+jwt'),
  };
}

interface ProofClaims {
  readonly method: string;
  /** With query or without; the proof names it without (RFC 9449, section 4.2). */
  readonly url: URL;
  readonly nonce?: string;
  /** The access token that goes with it, for `ath`. */
  readonly accessToken?: string;
}

/** A DPoP proof. Each call makes a new one: proofs are never used twice. */
export function signProof(key: BrokerKey, clock: Clock, claims: ProofClaims): string {
  const { method, url, nonce, accessToken } = claims;
  return signCompact(key, key.proofHeader, {
    jti: randomBytes(16).toString('base64url'),
    htm: method,
    htu: `${url.origin}${url.pathname}`,
    iat: epochSeconds(clock),
    ...(nonce !== undefined && { nonce }),
    ...(accessToken !== undefined && { ath: createHash('sha256').update(accessToken).digest('base64url') }),
  });
}

const actorLifeSeconds = 60;

interface ActorClaims {
  readonly clientId: string;
  readonly issuer: string;
  readonly agentId: string;
}

/** The actor token of one exchange: this client vouches that the agent acts, with the key that signs the proof. */
export function signActorToken(key: BrokerKey, clock: Clock, claims: ActorClaims): string {
  const iat = epochSeconds(clock);
  return signCompact(key, key.actorHeader, {
    iss: claims.clientId,
    sub: claims.agentId,
    aud: claims.issuer,
    iat,
    exp: iat + actorLifeSeconds,
    jti: randomBytes(16).toString('base64url'),
  });
}

function signCompact(key: BrokerKey, header: string, claims: Readonly<Record<string, unknown>>): string {
  const input = `${header}.${encode(JSON.stringify(claims))}`;
  const signature = sign('sha256', Buffer.from(input), { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url');
}
