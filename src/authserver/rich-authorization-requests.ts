import type { Configuration } from 'oidc-provider';
import { errors } from 'oidc-provider';
import type { Agents } from '../agents/agents.ts';
import type { Approvals } from '../approvals/approvals.ts';
import { Refusal } from '../base/errors.ts';
import type { GrantId } from '../base/ids.ts';
import { asId } from '../base/ids.ts';
import type { Connections } from '../connections/connections.ts';
import { coversDetails, type Detail, isKnownType, knownDetailTypes, parseDetails, parseDetailsText } from '../details/details.ts';
import type { Grant, Grants } from '../grants/grants.ts';
import { grantedDetails } from './granted-details.ts';
import { grantIdOf } from './signed-tokens.ts';

interface RarDeps {
  readonly agents: Agents;
  readonly approvals: Approvals;
  readonly grants: Grants;
  readonly connections: Connections;
}

type Features = NonNullable<Configuration['features']>;

/** What the library keeps per type. */
interface LibraryType {
  readonly validate: (ctx: unknown, detail: object) => void;
}

/**
 * `authorization_details` (RFC 9396) as the library is told of them: what a token and an introspection carry is read from
 * the grant and compared with what was asked.
 */
export function richAuthorizationRequests(deps: RarDeps) {
  const granted = (grant: Grant) => grantedDetails(grant, deps).map((detail) => ({ ...detail }));
  return {
    enabled: true,
    types: Object.fromEntries(knownDetailTypes().map((type) => [type, libraryType(deps)])),
    authorizationDetailsForGrantSource: (_ctx, source) => source.rar,
    authorizationDetailsForAccessToken: (ctx, token) => {
      const grant = deps.grants.getLive(asId<GrantId>(grantIdOf(token)));
      const details = granted(grant);
      // Scopes are granted, not echoed: an agent that named none hears here what its details came with (RFC 6749, 5.1).
      Object.assign(token, { scope: grant.scopes.join(' ') || undefined });
      assertSameDetails(ctx.oidc.params?.['authorization_details'], details);
      return details;
    },
    authorizationDetailsForIntrospection: (_ctx, token) => {
      const grant = deps.grants.find(asId<GrantId>(grantIdOf(token)));
      return grant === undefined ? [] : granted(grant);
    },
  } satisfies Features['richAuthorizationRequests'] & { enabled: true; authorizationDetailsForIntrospection: unknown };
}

/**
 * Lets the library read types that are not known here, which it otherwise refuses before we are asked: those that an agent
 * registered while the person allowed it. Whether a request may use one is judged by us, each time.
 *
 * @param types The library's own table.
 */
export function admitRegisteredTypes(types: Record<string, LibraryType>, registered: unknown, deps: RarDeps): void {
  for (const type of Array.isArray(registered) ? (registered as readonly unknown[]) : []) {
    if (typeof type !== 'string' || isKnownType(type) || Object.hasOwn(types, type)) continue;
    Object.defineProperty(types, type, { value: libraryType(deps), enumerable: true, configurable: true, writable: true });
  }
}

function libraryType({ approvals }: RarDeps): LibraryType {
  return {
    validate: (_ctx, detail) => {
      parseDetails([detail], approvals.settings().acceptUnknownTypes ? 'accept' : 'refuse');
    },
  };
}

/**
 * A token request may repeat what was granted. Less would be a narrowing that nobody enforces, because what is allowed is
 * read from the grant; more is never given (RFC 9396, 6).
 */
function assertSameDetails(text: unknown, granted: readonly Detail[]): void {
  if (typeof text !== 'string') return;
  const asked = parseDetailsText(text, 'accept');
  if (!coversDetails(asked, granted)) throw new errors.InvalidAuthorizationDetails('more than the grant allows');
  // security: rule 7
  if (coversDetails(granted, asked)) return;
  throw new Refusal('details_invalid', 'A token carries all of its grant.', {
    hint: 'Leave authorization_details out, or send a new request for less.',
  });
}
