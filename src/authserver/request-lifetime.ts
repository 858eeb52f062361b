import { errors } from 'oidc-provider';
import type { SentParameters } from './asked-of.ts';

/** Seconds. */
const defaultRequestLifetime = 300;
const longestRequestLifetime = 600;
/** Shorter ones would be gone before a person has read them, and make room for the next at once (security rule 29). */
const shortestRequestLifetime = 30;

/**
 * Seconds that a request may wait for its answer, 30-600 (CIBA Core 1.0, section 7.1: `requested_expiry`). What was decided is
 * answered in `expires_in`.
 *
 * @param asked Written by the agent. What is no positive whole number counts as not asked.
 */
export function requestLifetime(asked: unknown): number {
  const seconds = Number(asked ?? defaultRequestLifetime);
  const wanted = Number.isSafeInteger(seconds) && seconds > 0 ? seconds : defaultRequestLifetime;
  // security: rule 29
  return Math.min(Math.max(wanted, shortestRequestLifetime), longestRequestLifetime);
}

/**
 * What was asked for, under its own name or under the one that Auth0's clients used before: they send both, alike.
 * Refuses `invalid_request` for two that differ, and for what is no positive whole number.
 */
export function requestedExpiryOf({ requested_expiry: asked, request_expiry: older }: SentParameters): string | undefined {
  const texts = new Set([asked, older].filter((one) => one !== undefined).map(textOf));
  const [text] = texts;
  if (texts.size > 1) throw new errors.InvalidRequest('requested_expiry was sent twice, and differs');
  return text;
}

/** In a signed request it may be a number. */
function textOf(value: unknown): string {
  const seconds = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN;
  if (!Number.isSafeInteger(seconds) || seconds < 1)
    throw new errors.InvalidRequest('requested_expiry must be a positive whole number');
  return String(seconds);
}
