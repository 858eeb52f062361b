import type { TokenEndpointGrantContext } from 'oidc-provider';
import { errors } from 'oidc-provider';
import { Refusal } from '../base/errors.ts';
import type { Vault } from '../vault/vault.ts';
import type { ProofVerifier, VerifiedProof } from './verify-proof.ts';

/** A parameter that the grant type cannot do without. */
export function parameterOf(ctx: TokenEndpointGrantContext, name: string): string {
  const value = ctx.oidc.params[name];
  if (typeof value !== 'string') throw new errors.InvalidRequest(`missing required parameter ${name}`);
  return value;
}

/** The proof that each request to the token endpoint carries. @see RFC 9449, section 5 */
export function proofOf(
  ctx: TokenEndpointGrantContext,
  { proofs, issuer }: { readonly proofs: ProofVerifier; readonly issuer: string },
): VerifiedProof {
  ctx.set('DPoP-Nonce', proofs.nonces.next());
  return proofs.verify(ctx.req, { url: `${issuer}/token`, agent: ctx.oidc.client.clientId });
}

/** Whatever would issue waits for the person to unlock. */
export function assertUnlocked({ vault }: { readonly vault: Vault }): void {
  // security: rule 23
  if (vault.state() === 'unlocked') return;
  throw new Refusal('vault_locked', 'The person has locked this program.', { hint: 'Try again when it is unlocked.' });
}

/** The scopes of a `scope` parameter that are about a resource; the others are about the sign-in. */
export function resourceScopesOf(text: string): readonly string[] {
  return [...new Set(text.split(' '))].filter((scope) => scope !== '' && scope !== 'openid' && scope !== 'offline_access');
}
