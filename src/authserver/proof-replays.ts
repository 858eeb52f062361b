import { hash } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { limitReached, limits } from '../base/limits.ts';

/**
 * Which proofs were used, for as long as they would be accepted: two generations of one lifetime each. Keyed on the key
 * and the `jti`, never on the text, because one proof can be spelled in several ways (security rule 18).
 */
export class ProofReplays {
  readonly #clock: Clock;
  readonly #lifetimeMs: number;
  #turnsAt = 0;
  #current = new Set<string>();
  #previous = new Set<string>();

  constructor(clock: Clock, lifetimeSeconds: number) {
    this.#clock = clock;
    this.#lifetimeMs = lifetimeSeconds * 1000;
  }

  /** True the first time. Refuses `rate_limited` when full: forgetting a proof would let it be used again. */
  isFirstUse(thumbprint: string, jti: string): boolean {
    this.#turn();
    const key = hash('sha256', `${thumbprint}.${jti}`, 'base64url');
    if (this.#current.has(key) || this.#previous.has(key)) return false;
    if (this.#current.size >= limits['remembered-proofs'].quota) {
      throw limitReached('remembered-proofs', 5);
    }
    this.#current.add(key);
    return true;
  }

  #turn(): void {
    // What nonces go by too: whatever is forgotten here has a nonce that is over.
    const now = this.#clock.elapsed();
    if (now < this.#turnsAt) return;
    // after a pause of a whole lifetime the older generation is over too
    this.#previous = now < this.#turnsAt + this.#lifetimeMs ? this.#current : new Set();
    this.#current = new Set();
    this.#turnsAt = now + this.#lifetimeMs;
  }
}
