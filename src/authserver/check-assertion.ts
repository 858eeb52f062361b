import { errors } from 'oidc-provider';
import type { Clock } from '../base/clock.ts';
import { epochSeconds } from '../base/clock.ts';
import { parseCompactJwt } from './compact-jwt.ts';

export interface AssertionLimits {
  readonly clock: Clock;
  /** `clock.elapsed()` when this run began. */
  readonly startedAtElapsed: number;
}

const longestSeconds = 60;
const skewSeconds = 5;

/**
 * What we ask of a client assertion beyond RFC 7523: one spelling, at most 60 seconds of life, and made for this run of
 * the program. The library has verified signature and claims, and remembers (`iss`, `jti`) next.
 */
export function checkAssertion(
  claims: { readonly exp?: unknown; readonly iat?: unknown },
  text: unknown,
  limits: AssertionLimits,
): void {
  if (typeof text !== 'string' || parseCompactJwt(text) === undefined)
    throw new errors.InvalidClientAuth('assertion is not one canonical JWT');
  const now = epochSeconds(limits.clock);
  const { exp, iat } = claims;
  // security: rule 18
  if (typeof exp !== 'number' || exp > now + longestSeconds + skewSeconds)
    throw new errors.InvalidClientAuth('assertion lives too long');
  const madeAt = iat ?? exp - longestSeconds;
  if (typeof madeAt !== 'number' || exp - madeAt > longestSeconds + skewSeconds)
    throw new errors.InvalidClientAuth('assertion lives too long');
  if (madeAt > now + skewSeconds) throw new errors.InvalidClientAuth('assertion is from the future');
  // security: rule 18, what was recorded before a restart is worthless after it, even with a restored database
  if (madeAt < startOf(limits)) throw new errors.InvalidClientAuth('assertion is older than this run');
}

/** When this run began, as the clock is set now: an agent and we go by the same one, whatever it was before. */
function startOf({ clock, startedAtElapsed }: AssertionLimits): number {
  return Math.floor((clock.now() - (clock.elapsed() - startedAtElapsed)) / 1000);
}
