import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../base/clock.ts';

const lifeMs = 60_000;
const maxOpen = 8;

/** Links that open one page each: 32 random bytes, single use, 60 seconds. Kept as digests. */
export class LaunchTokens {
  readonly #clock: Clock;
  /** `endsAt` by {@link Clock.elapsed}: a clock that is set back makes no old link good. */
  #open: readonly { readonly digest: Buffer; readonly endsAt: number }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  issue(): string {
    const token = randomBytes(32).toString('base64url');
    const entry = { digest: digestOf(token), endsAt: this.#clock.elapsed() + lifeMs };
    this.#open = [...this.#alive(), entry].slice(-maxOpen);
    return token;
  }

  /** True once for a token that was issued and is not too old. Constant time in the token. */
  redeem(token: string): boolean {
    const digest = digestOf(token);
    const alive = this.#alive();
    const others = alive.filter((entry) => !timingSafeEqual(entry.digest, digest));
    // security: single use
    this.#open = others;
    return others.length < alive.length;
  }

  #alive(): readonly { readonly digest: Buffer; readonly endsAt: number }[] {
    return this.#open.filter((entry) => this.#clock.elapsed() < entry.endsAt);
  }
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
