import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { calculateJwkThumbprint, EmbeddedJWK, jwtVerify } from 'jose';

export interface ProofFault {
  readonly error: 'invalid_dpop_proof' | 'use_dpop_nonce';
  readonly reason: string;
}

export interface ProofCheck {
  /** A nonce that is good for the next minute or two. */
  nonce(): string;
  /**
   * Verifies the proof of one request for a token, all of RFC 9449, section 4.3, with the nonce required.
   * Returns the thumbprint of its key, or what is wrong.
   */
  check(request: IncomingMessage, url: string, token: string): Promise<{ jkt: string } | ProofFault>;
}

const windowSeconds = 60;

export function createProofCheck(): ProofCheck {
  const secret = randomBytes(32);
  const seen = new Map<string, number>();
  const nonceFor = (window: number): string => createHmac('sha256', secret).update(String(window)).digest('base64url');
  const currentWindow = (): number => Math.floor(Date.now() / 1000 / windowSeconds);
  const isGoodNonce = (nonce: unknown): boolean =>
    typeof nonce === 'string' && [0, 1].some((age) => equal(nonce, nonceFor(currentWindow() - age)));

  return {
    nonce: () => nonceFor(currentWindow()),
    async check(request, url, token) {
      const invalid = (reason: string): ProofFault => ({ error: 'invalid_dpop_proof', reason });
      const proofs = request.headersDistinct.dpop ?? [];
      const [proof] = proofs;
      if (proof === undefined || proofs.length !== 1) return invalid('exactly one proof');
      const verified = await jwtVerify(proof, EmbeddedJWK, { typ: 'dpop+jwt', algorithms: ['ES256'] }).catch(() => undefined);
      const jwk = verified?.protectedHeader.jwk;
      if (!verified || !jwk || 'd' in jwk) return invalid('not a proof');
      const { htm, htu, iat, jti, ath, nonce } = verified.payload;
      if (htm !== request.method) return invalid('htm');
      if (typeof htu !== 'string' || !sameTarget(htu, url)) return invalid('htu');
      if (ath !== createHash('sha256').update(token).digest('base64url')) return invalid('ath');
      if (typeof jti !== 'string' || jti === '') return invalid('jti');
      if (nonce === undefined || !isGoodNonce(nonce)) return { error: 'use_dpop_nonce', reason: 'a fresh nonce is required' };
      if (typeof iat !== 'number' || Math.abs(Date.now() / 1000 - iat) > 300) return invalid('iat');
      const jkt = await calculateJwkThumbprint(jwk);
      if (!remember(seen, `${jkt}:${jti}`)) return invalid('seen before');
      return { jkt };
    },
  };
}

function remember(seen: Map<string, number>, key: string): boolean {
  const now = Date.now();
  for (const [old, until] of seen) if (until < now) seen.delete(old);
  if (seen.has(key)) return false;
  seen.set(key, now + 3 * windowSeconds * 1000);
  return true;
}

function sameTarget(htu: string, url: string): boolean {
  const claimed = URL.parse(htu);
  if (!claimed) return false;
  return `${claimed.origin}${claimed.pathname}` === url && claimed.search === '' && claimed.hash === '';
}

function equal(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
