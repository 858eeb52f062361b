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
