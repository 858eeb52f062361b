import type { Provider, TokenEndpointGrantContext } from 'oidc-provider';
import { errors } from 'oidc-provider';
import type { Agents } from '../agents/agents.ts';
import type { Changes } from '../base/changes.ts';
import { isRefusal, Refusal } from '../base/errors.ts';
import type { GrantId } from '../base/ids.ts';
import { asId } from '../base/ids.ts';
import type { Grant, Grants } from '../grants/grants.ts';
import type { Vault } from '../vault/vault.ts';
import { refreshByLibrary } from './library-internals.ts';
import type { Payloads } from './payloads.ts';
import type { ProgramsSeen } from './programs-seen.ts';
import { issueTogether } from './signed-tokens.ts';
import { assertUnlocked, parameterOf, proofOf, resourceScopesOf } from './token-request.ts';
import type { ProofVerifier } from './verify-proof.ts';

export interface RefreshDeps {
  readonly provider: Provider;
  readonly agents: Agents;
  readonly grants: Grants;
  readonly vault: Vault;
  readonly payloads: Payloads;
  readonly changes: Changes;
  readonly proofs: ProofVerifier;
  readonly programs: ProgramsSeen;
  readonly issuer: string;
}

/**
 * One refresh. The agent is authenticated already. A token that comes again ends its grant, unless its key asks and nothing that it
 * was answered with was ever used: then that answer was lost, ends, and another is given.
 * @see RFC 6749, section 6 · RFC 9449, section 5 · RFC 9700, section 4.14.2
 */
export async function refresh(ctx: TokenEndpointGrantContext, deps: RefreshDeps): Promise<void> {
  const value = parameterOf(ctx, 'refresh_token');
  const proof = proofOf(ctx, deps);
  assertUnlocked(deps);
  const token = await deps.provider.RefreshToken.find(value, { ignoreExpiration: true });
  if (token === undefined || token.clientId !== ctx.oidc.client.clientId) throw new errors.InvalidGrant('refresh token not found');
  const grant = deps.grants.find(asId<GrantId>(token.grantId ?? ''));
  // security: the library leaves refresh tokens of confidential clients unbound (RFC 9449, 5, allows it)
  if (grant?.agentJkt !== proof.thumbprint) throw new Refusal('key_mismatch', 'The refresh token is bound to another key.');
  const wasLost = deps.payloads.isRotationLost(value);
  if (token.consumed === undefined || wasLost) {
    assertWholeGrant(ctx, grant);
    // security: rule 14
    await deps.programs.assertSame(ctx.req.socket, grant.id);
    assertUnlocked(deps);
    deps.grants.getLive(grant.id);
  }
  deps.agents.assertMayAct(grant.agentId);
  try {
    await issueTogether(deps, async () => {
      if (wasLost && !deps.payloads.takeRotationBack(value)) throw new Refusal('conflict', 'The token was used meanwhile.');
      await refreshByLibrary({ provider: deps.provider, ctx, proof });
    });
  } catch (error) {
    if (!isRefusal(error, 'conflict')) throw error;
    throw new Refusal('too_early', 'This refresh token is being answered already.', {
      retryAfterSeconds: 1,
      hint: 'Send one refresh at a time for each grant.',
    });
  }
}

/**
 * A token carries all of its grant. What a forwarded call may do is read from the grant, so a narrower token would be a promise that
 * nobody keeps; and what is wider needs the person. @see RFC 6749, section 6 · RFC 8707, section 2.2
 */
function assertWholeGrant(ctx: TokenEndpointGrantContext, grant: Grant): void {
  const { scope } = ctx.oidc.params;
  if (typeof scope !== 'string') return;
  const asked = resourceScopesOf(scope);
  // security: rule 7
  if (grant.scopes.some((one) => !asked.includes(one)))
    throw new Refusal('scope_invalid', 'A token carries all scopes of its grant.', {
      hint: 'Leave scope out, or send a new request for less.',
    });
}
