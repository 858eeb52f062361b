import { type Limit, type LimitName, limits, type QuotaState } from '../base/limits.ts';

/** The registered problem type of a 429 that names its policies. @see draft-ietf-httpapi-ratelimit-headers */
export const quotaExceeded = 'https://iana.org/assignments/http-problem-types#quota-exceeded';

/**
 * `RateLimit-Policy` and `RateLimit` as lists of RFC 9651 items. Our names are plain, so nothing in them is escaped.
 * @see draft-ietf-httpapi-ratelimit-headers, sections 3 and 4
 */
export function rateLimitFields(states: readonly QuotaState[]): Readonly<Record<string, string>> {
  if (states.length === 0) return {};
  return {
    'RateLimit-Policy': states.map(policyItem).join(', '),
    RateLimit: states.map(stateItem).join(', '),
  };
}

function policyItem({ limit, quota }: QuotaState): string {
  const { windowSeconds, unit }: Limit = limits[limit];
  const unitParameter = unit === 'requests' ? '' : `;qu="${unit}"`;
  return `"${limit}";q=${quota}${unitParameter}${windowSeconds === undefined ? '' : `;w=${windowSeconds}`}`;
}

function stateItem({ limit, remaining, resetSeconds }: QuotaState): string {
  return `"${limit}";r=${remaining}${resetSeconds === undefined ? '' : `;t=${resetSeconds}`}`;
}

/** The fields of a refusal that names the policies it is about: nothing is left until `retryAfter`. */
export function fieldsOfRefusal(
  members: Readonly<Record<string, unknown>>,
  retryAfter: number | undefined,
): Readonly<Record<string, string>> {
  const states = policiesIn(members).map((limit) => ({
    limit,
    quota: limits[limit].quota,
    remaining: 0,
    ...(retryAfter === undefined ? {} : { resetSeconds: retryAfter }),
  }));
  return rateLimitFields(states);
}

/** The limits that `violated-policies` names. */
export function policiesIn(members: Readonly<Record<string, unknown>>): readonly LimitName[] {
  const { 'violated-policies': named } = members;
  if (!Array.isArray(named)) return [];
  return named.filter((name): name is LimitName => typeof name === 'string' && Object.hasOwn(limits, name));
}
