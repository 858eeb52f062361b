/**
 * What we take from inside oidc-provider: its package has no `exports`, so this is reachable, and promises nothing.
 * Read against the version below; a test fails when another one is installed, so that somebody reads again:
 * - `lib/actions/grants/ciba.js` and `refresh_token.js`: the handlers, called with (provider, helpers, context)
 * - `lib/helpers/grants.js`: the helpers that those handlers use instead of importing; bound to the provider as
 *   `lib/helpers/initialize_app.js` does
 * - `lib/helpers/weak_cache.js`: what the library keeps of a provider, of which `lib/shared/check_rar.js` and
 *   `lib/helpers/client_schema.js` read the types of authorization details at each request
 */
import type Provider from 'oidc-provider';
import type { TokenEndpointGrantContext } from 'oidc-provider';
import { errors } from 'oidc-provider';
import { handler as libraryCiba } from 'oidc-provider/lib/actions/grants/ciba.js';
import { handler as libraryRefresh } from 'oidc-provider/lib/actions/grants/refresh_token.js';
import * as grantHelpers from 'oidc-provider/lib/helpers/grants.js';
import { get as instance } from 'oidc-provider/lib/helpers/weak_cache.js';
import type { VerifiedProof } from './verify-proof.ts';

export const readAgainstVersion = '9.13.3';

export const cibaGrantType = 'urn:openid:params:grant-type:ciba';

/** What an agent may register for and ask tokens with. */
export const offeredGrantTypes: readonly string[] = [cibaGrantType, 'refresh_token'];

/** The library's table of types of authorization details; what is added to it is read from then on. */
export function libraryTypesOf(provider: Provider): Record<string, { readonly validate: (ctx: unknown, detail: object) => void }> {
  const { features } = instance(provider) as { readonly features: LibraryFeatures };
  return features.richAuthorizationRequests.types;
}

interface LibraryFeatures {
  readonly richAuthorizationRequests: { readonly types: ReturnType<typeof libraryTypesOf> };
}

type Helper = (...parameters: readonly unknown[]) => unknown;
type GrantHandler = (
  provider: Provider,
  helpers: Readonly<Record<string, Helper>>,
  ctx: TokenEndpointGrantContext,
) => Promise<void>;

export interface Redemption {
  readonly provider: Provider;
  readonly ctx: TokenEndpointGrantContext;
  /** Verified by us. The library's own check knows nonces of minutes and keeps replays by client. */
  readonly proof: VerifiedProof;
}

/** The library's own handler for an answered CIBA request: consumes it, issues the tokens and writes the answer. */
export async function redeemByLibrary(redemption: Redemption): Promise<void> {
  await (libraryCiba as GrantHandler)(redemption.provider, helpersOf(redemption), redemption.ctx);
}

/** The library's own handler for a refresh: rotates, issues, and ends the Grant when the token comes a second time. */
export async function refreshByLibrary(redemption: Redemption): Promise<void> {
  await (libraryRefresh as GrantHandler)(redemption.provider, helpersOf(redemption), redemption.ctx);
}

function helpersOf({ provider, proof }: Redemption): Readonly<Record<string, Helper>> {
  const bound = Object.entries(grantHelpers).map(([name, helper]) => [name, (helper as Helper).bind(undefined, provider)] as const);
  return { ...Object.fromEntries(bound), validateDpop: async () => proof, consumeGrantSource: consumeOnce };
}

interface Consumable {
  readonly consumed: unknown;
  consume(): Promise<void>;
}

/** The library would also revoke all tokens of the Grant: for an agent whose first answer was lost on the way, that is too much. */
async function consumeOnce(_ctx: unknown, source: unknown): Promise<void> {
  const request = source as Consumable;
  if (request.consumed !== undefined) throw new errors.InvalidGrant('already used');
  await request.consume();
}
