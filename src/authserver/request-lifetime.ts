/** Seconds. */
const defaultRequestLifetime = 300;
const longestRequestLifetime = 600;

/**
 * Seconds that a request may wait for its answer (CIBA Core 1.0, section 7.1: `requested_expiry`).
 *
 * @param asked Written by the agent. What is no positive whole number counts as not asked.
 */
export function requestLifetime(asked: unknown): number {
  const seconds = Number(asked ?? defaultRequestLifetime);
  return Math.min(Number.isSafeInteger(seconds) && seconds > 0 ? seconds : defaultRequestLifetime, longestRequestLifetime);
}
