import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../base/clock.ts';

/** Half of the time that a nonce may live: the bucket of its making and the one after it are accepted. */
const bucketMs = 30_000;

/**
 * Nonces for DPoP proofs without a list of them: an HMAC over the time, under a key that is made with this object and
 * never kept. A nonce lives 30 to 60 seconds, and none of an earlier run is accepted (security rule 18).
 */
export class ProofNonces {
  // security: rule 18, a key of this run only
  readonly #key = randomBytes(32);
  readonly #clock: Clock;
  #bucket = Number.NaN;
  #current = '';
  #previous = '';

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The nonce to give out now. */
  next(): string {
    this.#turn();
    return this.#current;
  }

  isFresh(nonce: string): boolean {
    this.#turn();
    return isEqual(nonce, this.#current) || isEqual(nonce, this.#previous);
  }

  #turn(): void {
    // security: rule 18, not the wall clock: set back, it would make an old nonce fresh again
    const bucket = Math.floor(this.#clock.elapsed() / bucketMs);
    if (bucket === this.#bucket) return;
    this.#bucket = bucket;
    this.#current = this.#nonceOf(bucket);
    this.#previous = this.#nonceOf(bucket - 1);
  }

  #nonceOf(bucket: number): string {
    return createHmac('sha256', this.#key).update(`counterfoil/dpop-nonce/v1/${bucket}`).digest('base64url').slice(0, 32);
  }
}

function isEqual(one: string, other: string): boolean {
  const a = Buffer.from(one);
  const b = Buffer.from(other);
  return a.length === b.length && timingSafeEqual(a, b);
}
