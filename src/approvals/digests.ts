import type { Agent } from '../agents/agents.ts';
import { actionDigest } from '../details/details.ts';
import type { Approval, ApprovalRequest, Narrowing } from './approvals.ts';
import { lifetimes } from './lifetimes.ts';

/** What the agent wants, whoever it is: equal requests have equal digests. */
export function askedDigest(request: Pick<ApprovalRequest, 'resourceId' | 'details' | 'scopes'>): string {
  return actionDigest('asked', { resource: request.resourceId, details: request.details, scopes: request.scopes.toSorted() });
}

/**
 * What the final card showed, limits included (security rule 24). The length of the lifetime is in it, not its end,
 * because the end moves while the person reads.
 */
export function grantedDigest(approval: Approval, agent: Agent, narrowing: Narrowing): string {
  return actionDigest('granted', {
    approval: approval.id,
    asked: approval.askedDigest,
    agent: { id: agent.id, key: agent.keyThumbprint },
    resource: approval.resourceId,
    details: narrowing.details,
    scopes: narrowing.scopes.toSorted(),
    lifetime: { name: narrowing.lifetime, uses: lifetimes[narrowing.lifetime].uses ?? 'any' },
  });
}
