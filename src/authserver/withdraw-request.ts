import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Approval, Approvals } from '../approvals/approvals.ts';
import { isRefusal, Refusal } from '../base/errors.ts';
import { hashOf } from '../base/ids.ts';
import type { Broker } from '../broker/broker.ts';
import type { Payloads } from './payloads.ts';
import type { ProofVerifier } from './verify-proof.ts';

export interface WithdrawDeps {
  readonly approvals: Approvals;
  readonly broker: Broker;
  readonly payloads: Payloads;
  readonly proofs: ProofVerifier;
  readonly issuer: string;
}

/**
 * Withdraws the request whose `auth_req_id` was sent to the revocation endpoint, after the library has authenticated the agent and
 * found no token by that name. Silent for what is unknown, another agent's, or over (RFC 7009, section 2.2). A yes that was not redeemed yet ends
 * with it. Refuses `key_mismatch` when a proof came with it that is by another key than the request is bound to.
 */
export function withdrawRequest(ctx: KoaContextWithOIDC, deps: WithdrawDeps): void {
  const authReqId = ctx.oidc.params?.['token'];
  if (typeof authReqId !== 'string') return;
  const approval = deps.approvals.findByRequest(hashOf(authReqId));
  // security: the same agent only, and nothing tells another one that there is such a request
  if (approval === undefined || approval.agentId !== ctx.oidc.client?.clientId) return;
  checkProof(ctx, approval, deps);
  if (approval.state === 'pending') cancel(approval, deps);
  else if (approval.state === 'approved') endUnredeemed(authReqId, approval, deps);
}

function checkProof(
  ctx: KoaContextWithOIDC,
  { agentId, pinnedJkt, requestedJkt }: Approval,
  { proofs, issuer }: WithdrawDeps,
): void {
  if (ctx.req.headers.dpop === undefined) return;
  const { thumbprint } = proofs.verify(ctx.req, { url: `${issuer}/revoke`, agent: agentId });
  const bound = pinnedJkt ?? requestedJkt;
  if (bound !== undefined && bound !== thumbprint) throw new Refusal('key_mismatch', 'This request is bound to another key.');
}

function cancel({ id }: Approval, { approvals }: WithdrawDeps): void {
  try {
    approvals.cancel(id, 'by-agent');
  } catch (error) {
    // The person was quicker.
    if (!isRefusal(error, 'approval_decided')) throw error;
  }
}

function endUnredeemed(authReqId: string, { grantId }: Approval, { broker, payloads }: WithdrawDeps): void {
  const isRedeemed = payloads.find('BackchannelAuthenticationRequest', authReqId)?.['consumed'] !== undefined;
  if (!isRedeemed && grantId !== undefined) broker.revoke(grantId);
}
