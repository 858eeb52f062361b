import type { KeyObject } from 'node:crypto';
import { createHash, createPublicKey } from 'node:crypto';

/** A public key of an agent, checked and ready to verify with. */
export interface PublicKey {
  readonly key: KeyObject;
  /** RFC 7638 SHA-256 thumbprint, base64url. */
  readonly thumbprint: string;
  /** JWS algorithms that this key may be used with. */
  readonly algorithms: readonly string[];
  /** The public members and nothing else. */
  readonly jwk: Readonly<Record<string, string>>;
}

const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];
const coordinate = /^[A-Za-z0-9_-]{43}$/;

/** True when the JWK carries a private or symmetric part, which must never be sent to us. */
export function hasPrivatePart(jwk: Readonly<Record<string, unknown>>): boolean {
  return privateMembers.some((member) => Object.hasOwn(jwk, member));
}

/** Reads a public EC P-256 or Ed25519 JWK; `undefined` for any other key, for a private one and for a point off the curve. */
export function parsePublicJwk(input: unknown): PublicKey | undefined {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return undefined;
  const jwk = input as Readonly<Record<string, unknown>>;
  const members = hasPrivatePart(jwk) ? undefined : publicMembersOf(jwk);
  if (members === undefined) return undefined;
  try {
    const key = createPublicKey({ key: { ...members }, format: 'jwk' });
    const thumbprint = createHash('sha256').update(JSON.stringify(members)).digest('base64url');
    return { key, thumbprint, algorithms: members['kty'] === 'EC' ? ['ES256'] : ['EdDSA', 'Ed25519'], jwk: members };
  } catch {
    return undefined;
  }
}

/** In the order that RFC 7638 hashes them. */
function publicMembersOf(jwk: Readonly<Record<string, unknown>>): Record<string, string> | undefined {
  const { kty, crv, x, y } = jwk;
  if (typeof x !== 'string' || !coordinate.test(x)) return undefined;
  if (kty === 'OKP' && crv === 'Ed25519') return { crv, kty, x };
  if (kty === 'EC' && crv === 'P-256' && typeof y === 'string' && coordinate.test(y)) return { crv, kty, x, y };
  return undefined;
}
